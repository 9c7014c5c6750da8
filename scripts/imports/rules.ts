/**
 * Which area may import which (docs/architecture.md). Imports point one way:
 *
 *   platform, contract <- domain <- data <- services, reconciler, fleet ... <- api <- main
 *
 * `agent`, `cli` and `app` reach the server through its contract alone; `app` may name the server's types as well.
 * A path belongs to the longest area that contains it.
 */
interface Area {
	readonly path: string;
	/** Areas besides itself, by path, that it may import. */
	readonly uses: readonly string[];
	/** Areas whose types, and nothing else, it may import. */
	readonly usesTypesOf?: readonly string[];
	/** Areas that its tests may import besides. */
	readonly testsUse?: readonly string[];
	/** If given, the only packages and built-in modules that it may import. Tests may import any. */
	readonly packages?: readonly string[];
}

const BASE = ["platform", "server/contract"];
const DATA = [...BASE, "server/platform", "server/domain", "server/data"];
const USE_CASES = [
	"server/services",
	"server/reconciler",
	"server/fleet",
	"server/backup",
	"server/auth",
];
const API = [...DATA, ...USE_CASES, "server/api"];

export const AREAS: readonly Area[] = [
	{ path: "platform", uses: [] },
	{ path: "server/contract", uses: [], packages: ["zod"] },
	{ path: "server/platform", uses: BASE },
	// Pure: no IO, no clock, no randomness, so no built-in module either.
	{ path: "server/domain", uses: ["server/contract"], packages: ["zod"] },
	{ path: "server/data", uses: DATA },
	...USE_CASES.map((path) => ({ path, uses: [...DATA, ...USE_CASES] })),
	{ path: "server/api", uses: API },
	{ path: "server", uses: API },
	// Shared by tests. Production code doesn't import it.
	{ path: "server/testing", uses: API },
	{ path: "agent", uses: BASE },
	{ path: "accelerator", uses: BASE, testsUse: ["accelerator/testing"] },
	// Real engines for its tests.
	{ path: "accelerator/testing", uses: [...BASE, "accelerator", "agent/testing"] },
	{ path: "cli", uses: BASE },
	// A process of its own beside the control plane, which uses the library as an application does.
	{ path: "lab", uses: BASE, testsUse: ["patterns/testing", "e2e/fixtures"] },
	{
		...{ path: "app", uses: ["server/contract"], usesTypesOf: ["server"] },
		// It shows snippets that use the library.
		testsUse: ["patterns/testing"],
	},
	{ path: "prisma", uses: ["platform", "server/data"] },
	{ path: "scripts", uses: [...BASE, "agent/bundles"] },
	// Published by itself: nothing of Larder's, and no package.
	{ path: "patterns", uses: [], testsUse: ["patterns/testing"], packages: ["node:crypto"] },
	{ path: "patterns/testing", uses: ["patterns", "platform", "agent/bundles", "e2e/fixtures"] },
	{
		path: "patterns/bench",
		uses: ["patterns", "patterns/testing", "platform", "agent/bundles", "e2e/fixtures"],
	},
	{ path: "lab/bench", uses: [...BASE, "lab", "patterns/testing", "e2e/fixtures"] },
	// They are applications, so they know the library as a package.
	{ path: "examples", uses: [], testsUse: ["patterns/testing", "e2e/fixtures"] },
	{
		path: "e2e",
		uses: [...BASE, "accelerator/testing", "agent/bundles", "scripts", "e2e/bench", "e2e/chaos"],
	},
	// The console's own code adds up the figures that a benchmark compares, and the agent's asks engines for theirs.
	{
		path: "e2e/bench",
		uses: [
			...BASE,
			"accelerator/testing",
			"agent/bundles",
			"agent/drivers",
			"scripts",
			"e2e",
			"app",
		],
	},
	// Dozens of clients in one process use the agent's own connection, which costs next to nothing.
	{
		path: "e2e/chaos",
		uses: [...BASE, "agent/bundles", "agent/drivers", "scripts", "e2e", "e2e/bench"],
	},
	// Simulated hosts speak to the control plane with the agent's own code, and a large fleet is filled with rows.
	{ path: "e2e/fleet", uses: [...BASE, "agent/control", "agent/metrics", "e2e", "server/testing"] },
];

/** Packages that only these areas may import, and the database's generated client. */
export const RESERVED: readonly { readonly pattern: RegExp; readonly areas: readonly string[] }[] =
	[
		{
			pattern: /^(@prisma\/|prisma$|prisma\/|pg$|@electric-sql\/|server\/data\/generated\/)/,
			areas: [
				...["server/data", "server/testing", "prisma", "prisma.config.ts"],
				...["patterns/testing", "examples"],
			],
		},
	];

/** A test beside the code may use all of its program for setup, whatever layer it tests. */
export function isTest(path: string): boolean {
	return /\.test\.tsx?$/.test(path);
}

export function areaOf(path: string): Area | undefined {
	return AREAS.filter((area) => within(path, area.path)).sort(
		(a, b) => b.path.length - a.path.length,
	)[0];
}

export function within(path: string, area: string): boolean {
	return path === area || path.startsWith(`${area}/`);
}
