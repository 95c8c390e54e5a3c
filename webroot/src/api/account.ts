/** Who is signed in, where, and their tokens. */
import { api, take, takeUpTo } from "./client";
import type { Device, List, NewToken, Registration, Session, SignedIn, Token, TokenWish } from "./types";

const ALL = 1_000;

export const getSession = (): Promise<Session> => take(api.GET("/api/session/"));

export const signIn = (username: string, password: string, remember: boolean): Promise<SignedIn> =>
  take(api.POST("/api/user/login/", { body: { username, password, remember } }));

export const register = (wish: Registration): Promise<SignedIn> =>
  take(api.POST("/api/user/register/", { body: wish }));

export const signOut = (): Promise<void> => take(api.POST("/api/user/logout/"));

/** Every other session and every token ends; the answer is the new session. */
export const changePassword = (old_password: string, new_password: string): Promise<SignedIn> =>
  take(api.POST("/api/user/change-password/", { body: { old_password, new_password } }));

export const listDevices = (): Promise<List<Device>> =>
  takeUpTo(ALL, (query) => take(api.GET("/api/user/sessions/", { params: { query } })));

export const endDevice = (session: string): Promise<void> =>
  take(api.DELETE("/api/user/sessions/{session}/", { params: { path: { session } } }));

export const endOtherDevices = (): Promise<void> => take(api.DELETE("/api/user/sessions/"));

export const listTokens = (): Promise<List<Token>> =>
  takeUpTo(ALL, (query) => take(api.GET("/api/user/tokens/", { params: { query } })));

export const addToken = (wish: TokenWish): Promise<NewToken> => take(api.POST("/api/user/tokens/", { body: wish }));

export const deleteToken = (token: string): Promise<void> =>
  take(api.DELETE("/api/user/tokens/{token}/", { params: { path: { token } } }));
