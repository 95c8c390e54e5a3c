/** Jobs, settings, plugins, health, and the description of the API. */
import { client } from "./client";
import type { Health, List, PluginView, Run, Setting, SettingValue, Task } from "./types";

export const ping = (): Promise<{ status: string }> => client.get("api/ping/");

export const getHealth = (): Promise<Health> => client.get("api/health/");

export const listTasks = (): Promise<List<Task>> => client.get("api/task/", { query: { limit: 200 } });

export const runTask = (id: string): Promise<Run> => client.post(`api/task/${id}/run/`);

export const pauseTask = (id: string, isPaused: boolean): Promise<unknown> =>
  client.patch(`api/task/${id}/`, { is_paused: isPaused });

export const listSettings = (): Promise<List<Setting>> => client.get("api/appsettings/", { query: { limit: 200 } });

/** `null` takes the stored value away, so that the default is in force again. */
export const patchSetting = (name: string, value: SettingValue): Promise<List<Setting>> =>
  client.patch("api/appsettings/", { values: { [name]: value } });

export const listPlugins = (): Promise<List<PluginView>> =>
  client.get("api/appsettings/plugins/", { query: { limit: 200 } });
