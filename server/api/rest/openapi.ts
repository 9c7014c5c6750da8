import { z } from "zod";
import { auditEntrySchema } from "../../contract/audit.ts";
import {
	cacheInterfaceSchema,
	cacheNodesSchema,
	cacheSummaryInterfaceSchema,
} from "../../contract/cache-interface.ts";
import { ERROR_STATUS, type ErrorCode } from "../../contract/errors.ts";
import { eventSchema } from "../../contract/event.ts";
import { hostSchema } from "../../contract/host.ts";
import { nodeTypeSchema } from "../../contract/node-type.ts";
import {
	parameterGroupSchema,
	parameterGroupSummarySchema,
} from "../../contract/parameter-group.ts";
import { rateCardViewSchema } from "../../contract/rate-card.ts";
import { storeSchema } from "../../contract/store.ts";
import { tokenSchema } from "../../contract/token.ts";
import { userSchema } from "../../contract/user.ts";
import type { RestRoute } from "../trpc/trpc.ts";
import { type RestProcedure, restProcedures } from "./routes.ts";

const errorSchema = z.object({
	error: z.object({
		code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
		message: z.string(),
		field: z.string().optional(),
		details: z.unknown().optional(),
		requestId: z.string(),
	}),
});

const NAMED_SCHEMAS = {
	Cache: cacheInterfaceSchema,
	CacheSummary: cacheSummaryInterfaceSchema,
	CacheNodes: cacheNodesSchema,
	Event: eventSchema,
	Host: hostSchema,
	NodeType: nodeTypeSchema,
	ParameterGroup: parameterGroupSchema,
	ParameterGroupSummary: parameterGroupSummarySchema,
	RateCard: rateCardViewSchema,
	Store: storeSchema,
	ApiToken: tokenSchema,
	AuditEntry: auditEntrySchema,
	User: userSchema,
	Error: errorSchema,
} as const;

/** In the order in which people read them. */
const TAGS: readonly RestRoute["tag"][] = [
	"Caches",
	"Snapshots",
	"Stores",
	"Parameter groups",
	"Hosts",
	"Events",
	"Costs",
	"Catalog",
	"Tokens",
	"Users",
	"Audit",
	"Accelerators",
	"Account",
	"Control plane",
];

/** The OpenAPI 3.1 document of /api/v1, from the same schemas that parse requests. */
export function openApiDocument(version: string) {
	const registry = z.registry<{ id: string }>();
	for (const [id, schema] of Object.entries(NAMED_SCHEMAS)) registry.add(schema, { id });
	const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
	const paths: Record<string, Record<string, unknown>> = {};
	for (const procedure of restProcedures()) {
		const path = `/api/v1${procedure.route.path}`;
		paths[path] = {
			...paths[path],
			[procedure.route.method.toLowerCase()]: operation(procedure, registry),
		};
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Larder",
			version,
			description:
				"Managed caches on your own machines. Authenticate with an API token: `Authorization: Bearer <token>`. Each operation names the scope that it needs; read-only tokens have those that end in `:read`. A call that changes something takes an `Idempotency-Key` and is then safe to repeat.",
		},
		servers: [{ url: "/" }],
		security: [{ bearer: [] }],
		tags: TAGS.map((name) => ({ name })),
		paths,
		components: {
			securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
			schemas: Object.fromEntries(
				Object.entries(schemas).map(([id, schema]) => [id, withoutIdentity(schema)]),
			),
		},
	};
}

function operation(procedure: RestProcedure, registry: z.core.$ZodRegistry<{ id: string }>) {
	const { route } = procedure;
	const pathNames = [...route.path.matchAll(/\{(\w+)\}/g)].flatMap((match) => match[1] ?? []);
	const input = inputSchema(procedure);
	const properties = input.properties ?? {};
	const inPath = Object.keys(properties).filter((name) => pathNames.includes(name));
	const elsewhere = Object.keys(properties).filter((name) => !pathNames.includes(name));
	const hasBody = ["POST", "PUT", "PATCH"].includes(route.method) && elsewhere.length > 0;
	const parameter = (name: string, where: "path" | "query") => ({
		name,
		in: where,
		required: where === "path" || (input.required ?? []).includes(name),
		schema: properties[name],
	});
	const parameters = [
		...inPath.map((name) => parameter(name, "path")),
		...(hasBody ? [] : elsewhere.map((name) => parameter(name, "query"))),
		...(route.method === "GET" ? [] : [IDEMPOTENCY_PARAMETER]),
	];
	return {
		operationId: procedure.name,
		tags: [route.tag],
		summary: route.summary,
		...(route.description !== undefined && { description: route.description }),
		// The scope that the call needs, as OpenAPI 3.1 allows for bearer tokens.
		...(procedure.scope !== undefined && { security: [{ bearer: [procedure.scope] }] }),
		parameters,
		...(hasBody && {
			requestBody: requestBody(input, pathNames),
		}),
		responses: {
			...Object.fromEntries(
				[route.status, ...(route.isPending === undefined ? [] : [202])].map((status) => [
					status,
					{
						description: "Done, or accepted and in progress",
						content: {
							[route.contentType ?? "application/json"]: {
								schema: outputSchema(procedure, registry),
							},
							...(route.csv !== undefined && { "text/csv": { schema: { type: "string" } } }),
						},
					},
				]),
			),
			default: {
				description: "An error: 400, 401, 403, 404, 409, 413, 422, 429, 500 or 503",
				content: {
					"application/json": { schema: { $ref: "#/components/schemas/Error" } },
				},
			},
		},
	};
}

/** Path parameters are refused in the body. */
function requestBody(input: ObjectSchema, pathNames: readonly string[]) {
	const inBody = (name: string) => !pathNames.includes(name);
	const properties = Object.entries(input.properties ?? {}).filter(([name]) => inBody(name));
	const required = (input.required ?? []).filter(inBody);
	const schema = {
		...input,
		properties: Object.fromEntries(properties),
		...(input.required !== undefined && { required }),
	};
	return { required: required.length > 0, content: { "application/json": { schema } } };
}

const IDEMPOTENCY_PARAMETER = {
	name: "Idempotency-Key",
	in: "header",
	required: false,
	schema: { type: "string", minLength: 1, maxLength: 255 },
};

interface ObjectSchema {
	properties?: Record<string, unknown>;
	required?: string[];
}

function inputSchema({ input }: RestProcedure): ObjectSchema {
	if (input === undefined) return {};
	return withoutIdentity(
		z.toJSONSchema(input, { io: "input", unrepresentable: "any" }),
	) as ObjectSchema;
}

/** Named schemas become references to the components; the rest are inlined. */
function outputSchema(
	{ output }: RestProcedure,
	registry: z.core.$ZodRegistry<{ id: string }>,
): unknown {
	if (output === undefined) return {};
	const named = registry.get(output);
	if (named !== undefined) return { $ref: `#/components/schemas/${named.id}` };
	const schema = z.toJSONSchema(output, { metadata: registry, unrepresentable: "any" });
	return rewriteReferences(withoutIdentity(schema));
}

function withoutIdentity(schema: object): object {
	const {
		$schema: _dialect,
		$id: _id,
		id: _name,
		$defs: _definitions,
		...rest
	} = schema as Record<string, unknown>;
	return rest;
}

function rewriteReferences(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(rewriteReferences);
	if (value === null || typeof value !== "object") return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [
			key,
			key === "$ref" && typeof inner === "string"
				? inner.replace("#/$defs/", "#/components/schemas/")
				: rewriteReferences(inner),
		]),
	);
}
