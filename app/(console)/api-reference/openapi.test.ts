import { describe, expect, it } from "vitest";
import { exampleCall } from "./example-call.ts";
import { objectIn, openApiSchema, operationsByTag, typeWords } from "./openapi.ts";

const DOCUMENT = openApiSchema.parse({
	openapi: "3.1.0",
	info: { title: "Larder", version: "0.1.0" },
	servers: [{ url: "/api/v1" }],
	paths: {
		"/caches": {
			post: {
				tags: ["Caches"],
				summary: "Create a cache",
				requestBody: {
					content: { "application/json": { schema: { $ref: "#/components/schemas/Create" } } },
				},
				responses: { "202": { description: "The cache", content: {} } },
			},
		},
		"/caches/{name}": {
			get: {
				tags: ["Caches"],
				parameters: [{ name: "name", in: "path", required: true, schema: { type: "string" } }],
			},
		},
	},
	components: {
		schemas: {
			Create: {
				type: "object",
				required: ["name"],
				properties: {
					name: { type: "string" },
					auth: { enum: ["password", "none"], default: "password" },
					replicasPerShard: { type: "integer", minimum: 0, maximum: 5 },
				},
			},
		},
	},
});

const [create, get] = operationsByTag(DOCUMENT).get("Caches") ?? [];

describe("the reference", () => {
	it("lists operations under their tag with the server's base", () => {
		expect([create?.path, get?.path]).toEqual(["/api/v1/caches", "/api/v1/caches/{name}"]);
	});

	it("says in words what a field takes", () => {
		const body = create?.body == null ? null : objectIn(create.body, DOCUMENT);
		const words = Object.values(body?.properties ?? {}).map((field) => typeWords(field, DOCUMENT));
		expect(words).toEqual(["string", `"password" | "none"`, "integer, 0 to 5"]);
	});

	it("shows calls that can be pasted", () => {
		expect(create && exampleCall(create, DOCUMENT, "http://127.0.0.1:3000")).toBe(
			[
				"curl -X POST http://127.0.0.1:3000/api/v1/caches",
				'-H "Authorization: Bearer $LARDER_TOKEN"',
				"-H 'Content-Type: application/json'",
				`-d '{"name":"orders","replicasPerShard":1}'`,
			].join(" \\\n  "),
		);
		expect(get && exampleCall(get, DOCUMENT, "")).toContain("/api/v1/caches/orders");
	});
});
