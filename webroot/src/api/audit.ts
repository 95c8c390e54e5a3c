/** The audit trail: who came in, who was refused, what was changed, newest first. */
import { api, cursorOf, take } from "./client";
import type { AuditEntry, AuditQuery, List } from "./types";

const PART = 50;

/** The first part, or the one that `next` leads to. */
export const listAudit = (query: AuditQuery, next: string | null): Promise<List<AuditEntry>> =>
  take(api.GET("/api/user/admin/audit/", { params: { query: { ...query, limit: PART, cursor: next ? cursorOf(next) : undefined } } }));
