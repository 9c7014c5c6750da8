import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type LarderHome, openHome } from "../../platform/home.ts";

const here = import.meta.dirname;

/** The checkout's directory, whether this runs from the sources (cli/installation) or the built file (dist). */
export const checkoutRoot = here.endsWith("dist") ? dirname(here) : dirname(dirname(here));

export function builtProgram(name: "server" | "agent"): string {
	return join(checkoutRoot, "dist", `${name}.mjs`);
}

/** `LARDER_HOME`, or `.larder` in the checkout, wherever the command is called from. */
export function currentHome(environment: NodeJS.ProcessEnv = process.env): LarderHome {
	return openHome({
		...environment,
		LARDER_HOME: environment.LARDER_HOME || join(checkoutRoot, ".larder"),
	});
}

export function installedVersion(): string {
	const text = readFileSync(join(checkoutRoot, "package.json"), "utf8");
	return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
