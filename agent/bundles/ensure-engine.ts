import { join } from "node:path";
import { engineStoreDir } from "../../platform/home.ts";
import { acquireLock, LockHeldError } from "../../platform/process-lock.ts";
import type { Engine } from "../../server/contract/enums.ts";
import { type EngineRecipe, engineRecipe } from "./engine-catalogue.ts";
import { createStore, type InstalledEngine, listBundles } from "./engine-store.ts";
import { EngineUnavailableError } from "./engine-unavailable-error.ts";
import { versionFits } from "./engine-version.ts";
import { fetchBundle } from "./fetch-bundle.ts";
import { listPathEngines } from "./path-engine.ts";
import type { EngineProgress, OnEngineProgress } from "./progress.ts";

const LOCK_RETRY_MS = 200;

export interface EnsureEngineOptions {
	readonly engine: Engine;
	/** 9, 9.1 or 9.1.2. Absent: the newest major version that can be had. */
	readonly version?: string;
	readonly onProgress?: OnEngineProgress;
	/** Defaults to the user's engine store. */
	readonly storeDir?: string;
}

/** Engines that can be started now: bundles, newest first, then what is on PATH. */
export async function listEngines(storeDir = engineStoreDir()): Promise<InstalledEngine[]> {
	const [bundles, onPath] = await Promise.all([listBundles(storeDir), listPathEngines()]);
	return [...bundles, ...onPath];
}

/** The bundle or PATH engine that fits, without fetching anything; null when there is none. */
export async function findEngine(options: {
	engine: Engine;
	version: string;
	storeDir?: string;
}): Promise<InstalledEngine | null> {
	const storeDir = options.storeDir ?? engineStoreDir();
	const fits = (found: InstalledEngine) =>
		found.engine === options.engine && versionFits(found.version, options.version);
	// PATH is asked only when needed: it means running programs.
	return (await listBundles(storeDir)).find(fits) ?? (await listPathEngines()).find(fits) ?? null;
}

/**
 * An engine that can be started, fetched into the store where it is missing. Order: a bundle that is there, a fresh
 * bundle, an engine on PATH. Several processes may call this at once: one fetches, the others wait and use what it
 * made. Throws EngineUnavailableError.
 */
export async function ensureEngine(options: EnsureEngineOptions): Promise<InstalledEngine> {
	const recipe = engineRecipe(options.engine);
	const storeDir = options.storeDir ?? engineStoreDir();
	const prefixes = options.version === undefined ? recipe.preferredVersions : [options.version];
	const startedAt = performance.now();
	const report = (step: EngineProgress["step"], detail: string) =>
		options.onProgress?.({ step, elapsedMs: Math.round(performance.now() - startedAt), detail });

	const installed = await findBundle(recipe, prefixes, storeDir);
	if (installed !== null) return installed;
	await createStore(storeDir);
	const lock = await waitForLock(join(storeDir, "store.lock"), report);
	try {
		// Whoever held the lock may have made it.
		const made = await findBundle(recipe, prefixes, storeDir);
		const engine = made ?? (await fetchOrFallBack(recipe, prefixes, storeDir, report));
		report("done", `${recipe.title} ${engine.version} (${engine.suite ?? engine.source})`);
		return engine;
	} finally {
		lock.release();
	}
}

async function findBundle(
	recipe: EngineRecipe,
	prefixes: readonly string[],
	storeDir: string,
): Promise<InstalledEngine | null> {
	const bundles = await listBundles(storeDir);
	for (const prefix of prefixes) {
		const found = bundles.find(
			(bundle) => bundle.engine === recipe.engine && versionFits(bundle.version, prefix),
		);
		if (found !== undefined) return found;
	}
	return null;
}

async function fetchOrFallBack(
	recipe: EngineRecipe,
	prefixes: readonly string[],
	storeDir: string,
	report: (step: EngineProgress["step"], detail: string) => void,
): Promise<InstalledEngine> {
	const onPath = await listPathEngines();
	const failures: string[] = [];
	for (const versionPrefix of prefixes) {
		try {
			return await fetchBundle({ recipe, versionPrefix, storeDir, report });
		} catch (error) {
			failures.push(error instanceof Error ? error.message : String(error));
		}
		const fallback = onPath.find(
			(found) => found.engine === recipe.engine && versionFits(found.version, versionPrefix),
		);
		if (fallback !== undefined) return fallback;
	}
	const wanted = `${recipe.title} ${prefixes.join(" or ")}`;
	throw new EngineUnavailableError(
		`${wanted} is missing and couldn't be fetched: ${[...new Set(failures)].join("; ")}. ` +
			`Let apt reach its mirror, or install ${wanted} so that ${recipe.programs[0]} is on PATH, and try again.`,
	);
}

async function waitForLock(
	path: string,
	report: (step: EngineProgress["step"], detail: string) => void,
): Promise<{ release(): void }> {
	let told = false;
	for (;;) {
		try {
			return acquireLock(path, "installing an engine");
		} catch (error) {
			if (!(error instanceof LockHeldError)) throw error;
			if (!told) report("wait", `process ${error.holder.identity.pid} is installing an engine`);
			told = true;
		}
		await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
	}
}
