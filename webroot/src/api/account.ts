/** Who is signed in, and their tokens. */
import { client } from "./client";
import type { List, NewToken, Scope, Session, SignedIn, Token } from "./types";

export interface Registration {
  username: string;
  password: string;
  setup_code?: string;
  invite_code?: string;
}

export const getSession = (): Promise<Session> => client.get("api/session/");

export const signIn = (username: string, password: string, remember: boolean): Promise<SignedIn> =>
  client.post("api/user/login/", { username, password, remember });

export const register = (wish: Registration): Promise<SignedIn> => client.post("api/user/register/", wish);

export const signOut = (): Promise<void> => client.post("api/user/logout/");

export const listTokens = (): Promise<List<Token>> => client.get("api/user/tokens/");

export const addToken = (wish: { name: string; scopes: Scope[]; expires_in_days?: number }): Promise<NewToken> =>
  client.post("api/user/tokens/", wish);

export const deleteToken = (id: string): Promise<void> => client.delete(`api/user/tokens/${id}/`);
