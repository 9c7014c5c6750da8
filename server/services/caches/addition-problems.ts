import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Resources } from "../context.ts";
import type { ChangeProblem } from "./change-problem.ts";

/**
 * Modules and users that people have added to the engines by hand, and that nodes with another engine won't have.
 * Without a module, the keys of its types can't be copied.
 */
export function additionProblems({ fleet }: Resources, row: FullCache): ChangeProblem[] {
	const modules = new Map<string, string[]>();
	const users = new Map<string, string[]>();
	for (const { id, name, observation } of allNodeRows(row)) {
		const additions = fleet.observation(id, observation)?.engineState?.additions;
		for (const each of additions?.modules ?? []) add(modules, each, name);
		for (const each of additions?.users ?? []) add(users, each, name);
	}
	return [
		...[...modules].map(([module, nodes]) =>
			blocks(
				`The module ${module} is loaded on ${listed(nodes)}. Nodes with the new engine won't have it, so its keys couldn't be copied. Delete these keys, unload the module (MODULE UNLOAD ${module}) on ${pronoun(nodes)}, and try again.`,
			),
		),
		...[...users].map(([user, nodes]) =>
			blocks(
				`The user ${user} was created by hand on ${listed(nodes)}. Nodes with the new engine won't have it, so its clients would be refused. Have them log in with the cache's own password, delete the user (ACL DELUSER ${user}) on ${pronoun(nodes)}, and try again.`,
			),
		),
	];
}

function add(found: Map<string, string[]>, thing: string, node: string): void {
	found.set(thing, [...(found.get(thing) ?? []), node]);
}

function blocks(message: string): ChangeProblem {
	return { code: "conflict", field: "engineVersion", message };
}

function listed(nodes: readonly string[]): string {
	if (nodes.length === 1) return String(nodes[0]);
	return `${nodes.length} nodes (${nodes.join(", ")})`;
}

function pronoun({ length }: readonly string[]): string {
	return length === 1 ? "it" : "them";
}
