/** The admin's view of people: accounts, and invites to have one. */
import { api, take, takeUpTo } from "./client";
import type { Invite, List, NewInvite, PasswordReset, Person, PersonPatch, PersonWish } from "./types";

const ALL = 1_000;

export const listPeople = (): Promise<List<Person>> =>
  takeUpTo(ALL, (query) => take(api.GET("/api/user/admin/users/", { params: { query } })));

export const addPerson = (wish: PersonWish): Promise<Person> => take(api.POST("/api/user/admin/users/", { body: wish }));

export const patchPerson = (user: string, change: PersonPatch): Promise<Person> =>
  take(api.PATCH("/api/user/admin/users/{user}/", { params: { path: { user } }, body: change }));

/** Every session and token of theirs ends. */
export const resetPassword = (user: string, reset: PasswordReset): Promise<void> =>
  take(api.POST("/api/user/admin/users/{user}/reset-password/", { params: { path: { user } }, body: reset }));

/** Their tracks and playlists go to `heir`, or are removed where that is null. */
export const deletePerson = (user: string, heir: string | null): Promise<void> => {
  const query = heir === null ? { tracks: "remove" as const } : { tracks: "give" as const, to: heir };
  return take(api.DELETE("/api/user/admin/users/{user}/", { params: { path: { user }, query } }));
};

export const listInvites = (): Promise<List<Invite>> =>
  takeUpTo(ALL, (query) => take(api.GET("/api/user/admin/invites/", { params: { query } })));

export const addInvite = (expires_in_days: number): Promise<NewInvite> =>
  take(api.POST("/api/user/admin/invites/", { body: { expires_in_days } }));

export const deleteInvite = (invite: string): Promise<void> =>
  take(api.DELETE("/api/user/admin/invites/{invite}/", { params: { path: { invite } } }));
