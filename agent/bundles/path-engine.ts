import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { allEngineRecipes, type EngineRecipe, offersVersion } from "./engine-catalog.ts";
import type { InstalledEngine } from "./engine-store.ts";
import { CommandError, runCommand } from "./run-command.ts";

const VERSION_TIMEOUT_MS = 10_000;

/** The version that a server program prints; null if it doesn't run or prints none that we know how to read. */
export async function readEngineVersion(
	recipe: EngineRecipe,
	program: string,
): Promise<string | null> {
	try {
		const output = await runCommand(program, recipe.versionArguments, {
			timeoutMs: VERSION_TIMEOUT_MS,
		});
		return recipe.versionPattern.exec(output)?.[1] ?? null;
	} catch (error) {
		if (error instanceof CommandError) return null;
		throw error;
	}
}

/** Engines on the machine's PATH whose versions are offered. */
export async function listPathEngines(
	environment: NodeJS.ProcessEnv = process.env,
): Promise<InstalledEngine[]> {
	const found = await Promise.all(
		allEngineRecipes().map((recipe) => findPathEngine(recipe, environment)),
	);
	return found.filter((engine) => engine !== null);
}

export async function findPathEngine(
	recipe: EngineRecipe,
	environment: NodeJS.ProcessEnv = process.env,
): Promise<InstalledEngine | null> {
	const server = findOnPath(recipe.server, searchPath(recipe, environment));
	if (server === null) return null;
	const version = await readEngineVersion(recipe, server);
	if (version === null || !offersVersion(recipe.engine, version)) return null;
	return {
		engine: recipe.engine,
		version,
		source: "path",
		server,
		client: recipe.client === null ? null : findOnPath(recipe.client, environment),
		suite: null,
	};
}

/** Packages put services in directories that a user's PATH often lacks. */
function searchPath(recipe: EngineRecipe, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	if (recipe.programDir !== "usr/sbin") return environment;
	const path = [environment.PATH ?? "", "/usr/local/sbin", "/usr/sbin"].join(delimiter);
	return { ...environment, PATH: path };
}

/**
 * Absolute path of an executable, or null. Resolves links in directories only: some engines behave according
 * to the name they are called by.
 */
export function findOnPath(
	program: string,
	environment: NodeJS.ProcessEnv = process.env,
): string | null {
	for (const directory of (environment.PATH ?? "").split(delimiter)) {
		if (directory === "") continue;
		const candidate = resolve(directory, program);
		try {
			accessSync(candidate, constants.X_OK);
			if (statSync(candidate).isFile()) return join(realpathSync(dirname(candidate)), program);
		} catch {
			// Not here: try the next directory.
		}
	}
	return null;
}
