import { z } from "zod";

/** The parts of JSON Schema that the page shows. */
export interface Schema {
	$ref?: string | undefined;
	type?: string | string[] | undefined;
	format?: string | undefined;
	description?: string | undefined;
	enum?: unknown[] | undefined;
	const?: unknown;
	default?: unknown;
	minimum?: number | undefined;
	maximum?: number | undefined;
	minLength?: number | undefined;
	maxLength?: number | undefined;
	properties?: Record<string, Schema> | undefined;
	required?: string[] | undefined;
	items?: Schema | undefined;
	anyOf?: Schema[] | undefined;
	oneOf?: Schema[] | undefined;
	additionalProperties?: boolean | Schema | undefined;
}

const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
	z.object({
		$ref: z.string().optional(),
		type: z.union([z.string(), z.array(z.string())]).optional(),
		format: z.string().optional(),
		description: z.string().optional(),
		enum: z.array(z.unknown()).optional(),
		const: z.unknown().optional(),
		default: z.unknown().optional(),
		minimum: z.number().optional(),
		maximum: z.number().optional(),
		minLength: z.number().optional(),
		maxLength: z.number().optional(),
		properties: z.record(z.string(), schemaSchema).optional(),
		required: z.array(z.string()).optional(),
		items: schemaSchema.optional(),
		anyOf: z.array(schemaSchema).optional(),
		oneOf: z.array(schemaSchema).optional(),
		additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
	}),
);

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema.optional() }));

const parameterSchema = z.object({
	name: z.string(),
	in: z.string(),
	required: z.boolean().default(false),
	description: z.string().optional(),
	schema: schemaSchema.optional(),
});

const operationSchema = z.object({
	operationId: z.string().optional(),
	summary: z.string().optional(),
	description: z.string().optional(),
	tags: z.array(z.string()).default([]),
	parameters: z.array(parameterSchema).default([]),
	requestBody: z.object({ content: contentSchema }).optional(),
	responses: z
		.record(
			z.string(),
			z.object({ description: z.string().optional(), content: contentSchema.optional() }),
		)
		.default({}),
	security: z.array(z.unknown()).optional(),
});

export const openApiSchema = z.object({
	info: z.object({
		title: z.string(),
		version: z.string(),
		description: z.string().optional(),
	}),
	servers: z.array(z.object({ url: z.string() })).default([]),
	paths: z.record(z.string(), z.record(z.string(), z.unknown())),
	components: z.object({ schemas: z.record(z.string(), schemaSchema).default({}) }).optional(),
});
export type OpenApi = z.infer<typeof openApiSchema>;

export type Parameter = z.infer<typeof parameterSchema>;

export interface Operation {
	id: string;
	method: string;
	/** With the server's base in front. */
	path: string;
	summary: string;
	description: string | null;
	parameters: Parameter[];
	body: Schema | null;
	responses: { status: string; description: string; schema: Schema | null }[];
	isPublic: boolean;
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

function jsonOf(content: z.infer<typeof contentSchema> | undefined): Schema | null {
	return content?.["application/json"]?.schema ?? null;
}

function basePath(document: OpenApi): string {
	const url = document.servers[0]?.url ?? "";
	return new URL(url, "http://base.invalid").pathname.replace(/\/$/, "");
}

/** The document's operations under their first tag, both in the document's own order. */
export function operationsByTag(document: OpenApi): Map<string, Operation[]> {
	const base = basePath(document);
	const groups = new Map<string, Operation[]>();
	for (const [path, methods] of Object.entries(document.paths)) {
		for (const method of METHODS) {
			const operation = operationSchema.safeParse(methods[method]).data;
			if (operation === undefined) continue;
			const tag = operation.tags[0] ?? "Other";
			const fullPath = `${base}${path}`;
			const group = groups.get(tag) ?? [];
			group.push({
				id: operation.operationId ?? `${method}${fullPath}`.replaceAll(/[^\w]+/g, "-"),
				method: method.toUpperCase(),
				path: fullPath,
				summary: operation.summary ?? fullPath,
				description: operation.description ?? null,
				parameters: operation.parameters,
				body: jsonOf(operation.requestBody?.content),
				responses: Object.entries(operation.responses).map(([status, response]) => ({
					status,
					description: response.description ?? "",
					schema: jsonOf(response.content),
				})),
				isPublic: operation.security?.length === 0,
			});
			groups.set(tag, group);
		}
	}
	return groups;
}

/** Follows references, a few steps at most. */
export function resolve(schema: Schema, document: OpenApi): Schema {
	let current = schema;
	for (let step = 0; step < 5 && current.$ref !== undefined; step += 1) {
		const name = current.$ref.split("/").at(-1) ?? "";
		const target = document.components?.schemas[name];
		if (target === undefined) return current;
		current = target;
	}
	return current;
}

/** A short name for what a schema takes: `string`, `integer, 0 to 5`, `"password" | "none"`. */
export function typeWords(schema: Schema, document: OpenApi): string {
	const own = resolve(schema, document);
	if (own.const !== undefined) return JSON.stringify(own.const);
	if (own.enum !== undefined) return own.enum.map((value) => JSON.stringify(value)).join(" | ");
	const variants = own.anyOf ?? own.oneOf;
	if (variants !== undefined) {
		return [...new Set(variants.map((variant) => typeWords(variant, document)))].join(" | ");
	}
	if (own.items !== undefined) return `list of ${typeWords(own.items, document)}`;
	const type = Array.isArray(own.type) ? own.type.join(" | ") : (own.type ?? "any");
	if (own.minimum !== undefined && own.maximum !== undefined && own.maximum < 1e9) {
		return `${type}, ${own.minimum} to ${own.maximum}`;
	}
	return own.format === undefined ? type : `${type} (${own.format})`;
}

/** The object whose fields are worth listing. Looks into lists and nullable schemas. */
export function objectIn(schema: Schema, document: OpenApi): Schema | null {
	const own = resolve(schema, document);
	if (own.properties !== undefined) return own;
	if (own.items !== undefined) return objectIn(own.items, document);
	for (const variant of own.anyOf ?? own.oneOf ?? []) {
		const found = objectIn(variant, document);
		if (found !== null) return found;
	}
	return null;
}
