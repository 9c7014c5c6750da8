import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { findCycle } from "./find-cycle.ts";
import { type Import, readImports } from "./read-imports.ts";
import { areaOf, isTest, RESERVED, within } from "./rules.ts";

/** Checks files (paths from `root`, with `/`) against the rules. Returns one sentence for each violation. */
export function checkImports(root: string, files: readonly string[]): string[] {
	const breaches: string[] = [];
	const graph = new Map<string, string[]>();
	for (const file of files) {
		const targets: string[] = [];
		for (const found of readImports(file, readFileSync(join(root, file), "utf8"))) {
			const relative = found.specifier.startsWith(".");
			const target = relative
				? posix.normalize(posix.join(dirname(file), found.specifier))
				: found.specifier;
			const breach = relative ? checkFile(root, file, target, found) : checkPackage(file, target);
			if (breach !== null) breaches.push(`${file} imports ${found.specifier}: ${breach}`);
			if (relative) targets.push(target);
		}
		graph.set(file, targets);
	}
	const cycle = findCycle(graph);
	if (cycle !== null) breaches.push(`these import each other in a circle: ${cycle.join(" -> ")}`);
	return breaches;
}

function checkFile(root: string, file: string, target: string, found: Import): string | null {
	// The generated client exists only after `npm run build`; its place is known anyway.
	if (!within(target, "server/data/generated") && !existsSync(join(root, target))) {
		return "there is no such file (write the extension out)";
	}
	const reserved = checkReserved(file, target);
	if (reserved !== null) return reserved;
	const from = areaOf(file);
	const to = areaOf(target);
	if (from === undefined) return null;
	if (to === undefined) return within(target, "package.json") ? null : "it is in no known area";
	if (from === to) return null;
	if (isTest(file) && within(file, "server") && within(target, "server")) return null;
	if (from.uses.some((area) => within(target, area))) return null;
	if (isTest(file) && from.testsUse?.some((area) => within(target, area))) return null;
	if (found.typeOnly && from.usesTypesOf?.some((area) => within(target, area))) return null;
	const types =
		from.usesTypesOf === undefined ? "" : ` and types of ${from.usesTypesOf.join(", ")}`;
	return `${from.path} may import only ${[from.path, ...from.uses].join(", ")}${types}`;
}

function checkPackage(file: string, name: string): string | null {
	const reserved = checkReserved(file, name);
	if (reserved !== null) return reserved;
	const from = areaOf(file);
	if (from?.packages === undefined || isTest(file)) return null;
	return from.packages.includes(name)
		? null
		: `${from.path} may import only these packages: ${from.packages.join(", ")}`;
}

function checkReserved(file: string, target: string): string | null {
	const rule = RESERVED.find((each) => each.pattern.test(target));
	if (rule === undefined || rule.areas.some((area) => within(file, area))) return null;
	return `only ${rule.areas.join(", ")} may`;
}
