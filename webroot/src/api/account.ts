/** Who is signed in, where, their tokens, what they prefer. `totp` is a code of the second factor, or a recovery code. */
import { api, take, takeUpTo } from "./client";
import type {
  Account,
  Config,
  Credentials,
  Device,
  List,
  NewToken,
  PasswordChange,
  Registration,
  Session,
  SignedIn,
  Token,
  TokenWish,
} from "./types";

const ALL = 1_000;

export const getSession = (): Promise<Session> => take(api.GET("/api/session/"));

export const signIn = (credentials: Credentials): Promise<SignedIn> =>
  take(api.POST("/api/user/login/", { body: credentials }));

export const register = (wish: Registration): Promise<SignedIn> =>
  take(api.POST("/api/user/register/", { body: wish }));

export const signOut = (): Promise<void> => take(api.POST("/api/user/logout/"));

/** Every other session and every token ends; the answer is the new session. */
export const changePassword = (change: PasswordChange): Promise<SignedIn> =>
  take(api.POST("/api/user/change-password/", { body: change }));

/** For ten minutes this session may do what needs the password anew. */
export const confirmPassword = (password: string, totp: string | null): Promise<void> =>
  take(api.POST("/api/user/confirm/", { body: { password, totp } }));

export const getAccount = (): Promise<Account> => take(api.GET("/api/user/account/"));

/** A picture of oneself, in the place of the one before. */
export const putAvatar = (picture: Blob): Promise<void> =>
  take(
    api.PUT("/api/user/avatar/", {
      body: picture,
      bodySerializer: () => picture,
      headers: { "Content-Type": picture.type },
    }),
  );

export const deleteAvatar = (): Promise<void> => take(api.DELETE("/api/user/avatar/"));

export const getConfig = (): Promise<Config> => take(api.GET("/api/user/config/"));

/** What is null is forgotten. */
export const patchConfig = (values: Config["values"]): Promise<Config> =>
  take(api.PATCH("/api/user/config/", { body: { values } }));

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
