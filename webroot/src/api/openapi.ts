/** Our own description (api/openapi.json), as far as the docs page reads it, made flat for reading. */
import { api, take } from "./client";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
  format?: string;
  default?: unknown;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
  description?: string;
  $ref?: string;
}

interface Parameter {
  $ref?: string;
  name?: string;
  in?: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface RawOperation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: Record<string, Content>;
  "x-permission"?: string;
  "x-scope"?: string;
}

export interface Document {
  info: { title: string; version: string };
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema>; parameters?: Record<string, Parameter> };
}

/** One line of a schema or of the parameters. */
export interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  text: string;
}

export interface Operation {
  method: string;
  path: string;
  summary: string;
  text: string;
  plugin: string;
  permission: string;
  scope: string | null;
  parameters: Field[];
  body: Shape | null;
  answers: { status: string; shape: Shape | null }[];
}

export interface Shape {
  name: string;
  fields: Field[];
}

export const getDocument = (): Promise<Document> => take(api.GET("/api/openapi.json")) as Promise<unknown> as Promise<Document>;

/** Every operation, in the order of the paths. */
export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => read(document, path, method, raw)),
  );
}

function read(document: Document, path: string, method: string, raw: RawOperation): Operation {
  const good = Object.entries(raw.responses ?? {}).filter(([status]) => status.startsWith("2"));
  return {
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? "",
    text: raw.description ?? "",
    plugin: raw.tags?.[0] ?? "core",
    permission: raw["x-permission"] ?? "",
    scope: raw["x-scope"] ?? null,
    parameters: (raw.parameters ?? []).map((parameter) => parameterField(document, parameter)),
    body: shapeOf(document, schemaOf(raw.requestBody)),
    answers: good.map(([status, answer]) => ({ status, shape: shapeOf(document, schemaOf(answer)) })),
  };
}

function parameterField(document: Document, parameter: Parameter): Field {
  const known = parameter.$ref ? document.components?.parameters?.[lastPart(parameter.$ref)] : parameter;
  const place = known?.in === "query" ? "?" : known?.in === "header" ? "header " : "";
  return {
    name: `${place}${known?.name ?? lastPart(parameter.$ref ?? "")}`,
    type: typeOf(known?.schema ?? {}),
    isRequired: known?.required ?? false,
    text: known?.description ?? "",
  };
}

function schemaOf(holder: Content | undefined): Schema | null {
  return Object.values(holder?.content ?? {})[0]?.schema ?? null;
}

function shapeOf(document: Document, schema: Schema | null): Shape | null {
  if (!schema || Object.keys(schema).length === 0) return null;
  const named = schema.$ref ? document.components?.schemas?.[lastPart(schema.$ref)] : schema;
  const required = new Set(named?.required ?? []);
  const fields = Object.entries(named?.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeOf(field),
    isRequired: required.has(name),
    text: field.description ?? "",
  }));
  return { name: typeOf(schema), fields };
}

/** A type in a few words: `string | null`, `Track[]`. */
function typeOf(schema: Schema): string {
  if (schema.$ref) return lastPart(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(" | ");
  if (schema.type === "array") return `${schema.items ? typeOf(schema.items) : "any"}[]`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
  return schema.format ? `${type} (${schema.format})` : type;
}

function lastPart(reference: string): string {
  return reference.split("/").pop() ?? reference;
}
