import { shellQuote } from "../caches/create/as-code.ts";
import type { OpenApi, Operation, Schema } from "./openapi.ts";
import { resolve } from "./openapi.ts";

/** Values that read better than generated ones. */
const KNOWN: Readonly<Record<string, unknown>> = {
	name: "orders",
	replicasPerShard: 1,
	nodeType: "cache.t4g.micro",
	expiresInDays: 90,
	expiresInHours: 24,
};

function exampleOf(name: string, schema: Schema, document: OpenApi): unknown {
	const own = resolve(schema, document);
	if (name in KNOWN) return KNOWN[name];
	if (own.default !== undefined) return own.default;
	if (own.const !== undefined) return own.const;
	return own.enum?.[0] ?? "…";
}

/** A curl command that takes the token from the environment. Values that the page can't know are placeholders. */
export function exampleCall(operation: Operation, document: OpenApi, origin: string): string {
	const path = operation.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
		name === "name" ? "orders" : name.toUpperCase(),
	);
	const method = operation.method === "GET" ? "" : `-X ${operation.method} `;
	const parts = [`curl ${method}${shellQuote(origin + path)}`];
	if (!operation.isPublic) parts.push(`-H "Authorization: Bearer $LARDER_TOKEN"`);
	const body = operation.body === null ? null : resolve(operation.body, document);
	if (body?.properties !== undefined) {
		const wanted = Object.entries(body.properties).filter(
			([name]) => body.required?.includes(name) === true || name in KNOWN,
		);
		const example = Object.fromEntries(
			wanted.map(([name, schema]) => [name, exampleOf(name, schema, document)]),
		);
		parts.push("-H 'Content-Type: application/json'", `-d ${shellQuote(JSON.stringify(example))}`);
	}
	return parts.join(" \\\n  ");
}
