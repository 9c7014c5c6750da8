import { readFileSync } from "node:fs";
import { join } from "node:path";
import { desiredStateSchema } from "../../server/contract/desired-state.ts";
import type { Installation } from "../fixtures/installation.ts";

/** The agents' own login, which may do what clients may not. */
export function systemLogin(larder: Installation): { username: string; password: string } {
	for (const name of larder.agentNames) {
		const text = readFileSync(join(larder.home.agentDir(name), "desired.json"), "utf8");
		const [assignment] = desiredStateSchema.parse(JSON.parse(text)).assignments;
		if (assignment === undefined) continue;
		const { systemUsername: username, systemPassword: password } = assignment.auth;
		return { username, password };
	}
	throw new Error("no host has a node");
}
