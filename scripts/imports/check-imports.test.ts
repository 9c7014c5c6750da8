import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkImports } from "./check-imports.ts";

const roots: string[] = [];
afterEach(() => {
	for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

function check(files: Record<string, string>): string[] {
	const root = mkdtempSync(join(tmpdir(), "larder-imports-"));
	roots.push(root);
	for (const [path, source] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), source);
	}
	return checkImports(root, Object.keys(files));
}

const target = "export interface T {}\nexport const t = 1;\n";

describe("an import that points the right way passes", () => {
	it.each([
		["server/domain/a.ts", "../contract/x.ts", "server/contract/x.ts"],
		["server/services/a.ts", "../data/x.ts", "server/data/x.ts"],
		["server/api/rest/a.ts", "../../services/x.ts", "server/services/x.ts"],
		["server/main.ts", "./api/x.ts", "server/api/x.ts"],
		["agent/control/a.ts", "../../server/contract/x.ts", "server/contract/x.ts"],
		["agent/control/a.ts", "../state/x.ts", "agent/state/x.ts"],
		["server/data/a.int.test.ts", "../services/x.ts", "server/services/x.ts"],
		["server/data/a.int.test.ts", "../testing/x.ts", "server/testing/x.ts"],
		["cli/a.ts", "../platform/x.ts", "platform/x.ts"],
	])("%s -> %s", (from, specifier, to) => {
		expect(check({ [from]: `import { t } from "${specifier}"; t;`, [to]: target })).toEqual([]);
	});
});

describe("an import that points the wrong way is named", () => {
	it.each([
		["server/contract/a.ts", "../domain/x.ts", "server/domain/x.ts"],
		["server/domain/a.ts", "../data/x.ts", "server/data/x.ts"],
		["server/data/a.ts", "../services/x.ts", "server/services/x.ts"],
		["server/services/a.ts", "../api/x.ts", "server/api/x.ts"],
		["agent/a.ts", "../server/domain/x.ts", "server/domain/x.ts"],
		["agent/a.ts", "../server/platform/x.ts", "server/platform/x.ts"],
		["cli/a.ts", "../server/services/x.ts", "server/services/x.ts"],
		["cli/a.ts", "../agent/x.ts", "agent/x.ts"],
		["app/a.tsx", "../server/services/x.ts", "server/services/x.ts"],
		["app/a.tsx", "../platform/x.ts", "platform/x.ts"],
		["platform/a.ts", "../server/contract/x.ts", "server/contract/x.ts"],
		["server/services/a.ts", "../../agent/x.ts", "agent/x.ts"],
		["server/services/a.ts", "../testing/x.ts", "server/testing/x.ts"],
		["server/services/a.int.test.ts", "../../agent/x.ts", "agent/x.ts"],
	])("%s -> %s", (from, specifier, to) => {
		const breaches = check({ [from]: `import { t } from "${specifier}"; t;`, [to]: target });
		expect(breaches).toHaveLength(1);
		expect(breaches[0]).toContain(`${from} imports ${specifier}`);
	});

	it.each([
		['export * from "../server/services/x.ts";', "a re-export"],
		['const x = await import("../server/services/x.ts"); x;', "a dynamic import"],
		['import "../server/services/x.ts";', "an import for its effects"],
		['export type A = import("../server/services/x.ts").T;', "a type import in a type"],
	])("whatever its form: %s", (source) => {
		expect(check({ "cli/a.ts": source, "server/services/x.ts": target })).toHaveLength(1);
	});
});

describe("the console may import the server's types and nothing else from it", () => {
	it("may import a type", () => {
		const files = { "server/api/x.ts": target };
		expect(
			check({ ...files, "app/a.tsx": 'import type { T } from "../server/api/x.ts";' }),
		).toEqual([]);
		expect(
			check({ ...files, "app/a.tsx": 'export type { T } from "../server/api/x.ts";' }),
		).toEqual([]);
	});
	it("may not import a value along with the type", () => {
		const source = 'import { type T, t } from "../server/api/x.ts"; t;';
		expect(check({ "app/a.tsx": source, "server/api/x.ts": target })).toHaveLength(1);
	});
});

describe("packages", () => {
	it.each(["@prisma/client", "pg", "prisma/config"])("%s belongs to server/data", (name) => {
		expect(check({ "server/services/a.ts": `import "${name}";` })).toHaveLength(1);
		expect(check({ "server/data/a.ts": `import "${name}";` })).toEqual([]);
	});
	it("the generated client belongs to server/data", () => {
		const source = 'import type { X } from "../data/generated/client.ts";';
		expect(check({ "server/services/a.ts": source })).toHaveLength(1);
		expect(check({ "server/data/a.ts": source.replace("../data/", "./") })).toEqual([]);
	});
	it("the contract imports zod only, the domain no built-in module", () => {
		expect(check({ "server/contract/a.ts": 'import { z } from "zod"; z;' })).toEqual([]);
		expect(check({ "server/contract/a.ts": 'import "pino";' })).toHaveLength(1);
		expect(check({ "server/domain/a.ts": 'import "node:fs";' })).toHaveLength(1);
	});
});

it("files that import each other in a circle are named", () => {
	const breaches = check({
		"agent/a.ts": 'import "./b.ts";',
		"agent/b.ts": 'import "./c.ts";',
		"agent/c.ts": 'import "./a.ts";',
	});
	expect(breaches).toEqual([
		"these import each other in a circle: agent/a.ts -> agent/b.ts -> agent/c.ts -> agent/a.ts",
	]);
});

it("a file that isn't there is named", () => {
	expect(check({ "agent/a.ts": 'import "./b";', "agent/b.ts": target })).toHaveLength(1);
});
