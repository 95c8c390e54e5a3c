/** Jobs, settings, plugins, and health. */
import { api, take } from "./client";
import type { Health, ImportReport, List, PluginView, Run, RunDetail, Setting, SettingValue, Task } from "./types";

export const ping = (): Promise<{ status: string }> => take(api.GET("/api/ping/"));

export const getHealth = (): Promise<Health> => take(api.GET("/api/health/"));

export const listTasks = (): Promise<List<Task>> => take(api.GET("/api/task/"));

/** The last runs with what they logged, newest first. */
export async function listRuns(task: string): Promise<RunDetail[]> {
  return (await take(api.GET("/api/task/{task}/", { params: { path: { task } } }))).runs;
}

export const runTask = (task: string): Promise<Run> =>
  take(api.POST("/api/task/{task}/run/", { params: { path: { task } } }));

export async function pauseTask(task: string, is_paused: boolean): Promise<void> {
  await api.PATCH("/api/task/{task}/", { params: { path: { task } }, body: { is_paused } });
}

export const listSettings = (): Promise<List<Setting>> =>
  take(api.GET("/api/appsettings/")) as Promise<List<Setting>>;

/** `null` takes the stored value away, so that the default is in force again. */
export const patchSetting = (name: string, value: SettingValue): Promise<List<Setting>> =>
  take(api.PATCH("/api/appsettings/", { body: { values: { [name]: value } } })) as Promise<List<Setting>>;

/** What each import of an old server brought, the last one first. */
export const listImports = (): Promise<List<ImportReport>> => take(api.GET("/api/appsettings/import/"));

export const listPlugins = (): Promise<List<PluginView>> => take(api.GET("/api/appsettings/plugins/"));
