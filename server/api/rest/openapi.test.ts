import { describe, expect, it } from "vitest";
import { appRouter } from "../trpc/router.ts";
import type { Meta } from "../trpc/trpc.ts";
import { openApiDocument } from "./openapi.ts";
import { restProcedures } from "./routes.ts";

interface Operation {
	parameters: { name: string; in: string }[];
	requestBody?: {
		required: boolean;
		content: { "application/json": { schema: { properties: object; required?: string[] } } };
	};
}

const paths = openApiDocument("test").paths as Record<string, Record<string, Operation>>;

function operation(method: string, path: string): Operation {
	const found = paths[`/api/v1${path}`]?.[method];
	if (found === undefined) throw new Error(`${method} ${path} isn't documented`);
	return found;
}

it("every procedure names its scope, or says that it needs no caller", () => {
	for (const [name, procedure] of Object.entries(appRouter._def.procedures)) {
		const { meta } = (procedure as unknown as { _def: { meta?: Meta } })._def;
		expect(meta?.scope ?? meta?.public, name).toBeDefined();
	}
});

describe("the document", () => {
	it("has every REST route once", () => {
		const routes = restProcedures().map(({ route }) => `${route.method} ${route.path}`);
		expect(new Set(routes).size).toBe(routes.length);
		for (const { route } of restProcedures()) operation(route.method.toLowerCase(), route.path);
	});

	it("keeps path parameters out of the body, where the server refuses them", () => {
		const body = operation("patch", "/parameter-groups/{name}").requestBody;
		const { schema } = body?.content["application/json"] ?? { schema: undefined };
		expect(Object.keys(schema?.properties ?? {})).toEqual(["description", "parameters"]);
		expect(schema?.required).toEqual([]);
		expect(body?.required).toBe(false);
	});

	it("describes records by their values", () => {
		const { properties } = operation("post", "/parameter-groups").requestBody?.content[
			"application/json"
		].schema ?? { properties: {} };
		expect(properties).toMatchObject({
			parameters: { type: "object", additionalProperties: { type: "string" } },
		});
	});
});
