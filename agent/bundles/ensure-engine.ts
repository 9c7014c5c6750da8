import { join } from "node:path";
import { engineStoreDir } from "../../platform/home.ts";
import { acquireLock, LockHeldError } from "../../platform/process-lock.ts";
import type { BundleName } from "./bundle-name.ts";
import { engineRecipe, offersPrefix } from "./engine-catalog.ts";
import { createStore, type InstalledEngine, listBundles } from "./engine-store.ts";
import { EngineUnavailableError } from "./engine-unavailable-error.ts";
import { versionFits } from "./engine-version.ts";
import { BundleFetcher } from "./fetch-bundle.ts";
import { findPathEngine, listPathEngines } from "./path-engine.ts";
import type { OnEngineProgress, ReportProgress } from "./progress.ts";

const LOCK_RETRY_MS = 200;

export interface WantedEngine {
	readonly engine: BundleName;
	/** 9, 9.1 or 9.1.2. If absent: the best that is offered and available. */
	readonly version?: string;
}

export interface EnsureEngineOptions extends WantedEngine {
	readonly onProgress?: OnEngineProgress;
	/** Defaults to the user's engine store. */
	readonly storeDir?: string;
}

export type EngineOutcome =
	| { readonly kind: "ready"; readonly wanted: WantedEngine; readonly engine: InstalledEngine }
	| {
			readonly kind: "unavailable";
			readonly wanted: WantedEngine;
			readonly error: EngineUnavailableError;
	  };

/** Engines that can be started now: bundles, newest first, then engines on PATH. */
export async function listEngines(storeDir = engineStoreDir()): Promise<InstalledEngine[]> {
	const [bundles, onPath] = await Promise.all([listBundles(storeDir), listPathEngines()]);
	return [...bundles, ...onPath];
}

/** A bundle or PATH engine that matches, without fetching anything; null if there is none. */
export async function findEngine(
	options: WantedEngine & { readonly storeDir?: string },
): Promise<InstalledEngine | null> {
	const prefixes = wantedPrefixes(options);
	const storeDir = options.storeDir ?? engineStoreDir();
	const bundle = await findBundle(options.engine, prefixes, storeDir);
	if (bundle !== null) return bundle;
	// Look on PATH only if needed: that means running a program.
	const onPath = await findPathEngine(engineRecipe(options.engine));
	const fits = (found: InstalledEngine) =>
		prefixes.some((each) => versionFits(found.version, each));
	return onPath !== null && fits(onPath) ? onPath : null;
}

/**
 * An engine that can be started, fetched into the store if it is missing. In order of preference: an existing
 * bundle, a new bundle, an engine on PATH. Several processes may call this at the same time: one fetches, the
 * others wait and use its result. Throws EngineUnavailableError.
 */
export async function ensureEngine(options: EnsureEngineOptions): Promise<InstalledEngine> {
	const [outcome] = await ensureEngines({ ...options, wanted: [options] });
	if (outcome === undefined) throw new Error("one engine was requested, but no result came back");
	if (outcome.kind === "unavailable") throw outcome.error;
	return outcome.engine;
}

/**
 * The same for several engines, in the given order; the archive's indexes are fetched once for all. An
 * unavailable engine doesn't stop the others from being fetched.
 */
export async function ensureEngines(options: {
	wanted: readonly WantedEngine[];
	onProgress?: OnEngineProgress;
	storeDir?: string;
}): Promise<EngineOutcome[]> {
	const { wanted, onProgress } = options;
	const storeDir = options.storeDir ?? engineStoreDir();
	const startedAt = performance.now();
	const report: ReportProgress = (step, detail) =>
		onProgress?.({ step, elapsedMs: Math.round(performance.now() - startedAt), detail });

	const installed = await Promise.all(wanted.map((each) => findInStore(each, storeDir)));
	const found = installed.filter((each) => each !== null);
	if (found.length === wanted.length) return found;
	await createStore(storeDir);
	const lock = await waitForLock(join(storeDir, "store.lock"), report);
	try {
		const fetcher = await BundleFetcher.open(storeDir);
		try {
			const outcomes: EngineOutcome[] = [];
			for (const each of wanted) {
				// The process that held the lock may have made it.
				const made = await findInStore(each, storeDir);
				outcomes.push(made ?? (await fetchOrFallBack(each, fetcher, report)));
			}
			return outcomes;
		} finally {
			await fetcher.close();
		}
	} finally {
		lock.release();
	}
}

function wantedPrefixes({ engine, version }: WantedEngine): readonly string[] {
	return version === undefined ? engineRecipe(engine).offers : [version];
}

async function findInStore(wanted: WantedEngine, storeDir: string): Promise<EngineOutcome | null> {
	const engine = await findBundle(wanted.engine, wantedPrefixes(wanted), storeDir);
	return engine === null ? null : { kind: "ready", wanted, engine };
}

async function findBundle(
	engine: BundleName,
	prefixes: readonly string[],
	storeDir: string,
): Promise<InstalledEngine | null> {
	const bundles = (await listBundles(storeDir)).filter((bundle) => bundle.engine === engine);
	for (const prefix of prefixes) {
		const found = bundles.find((bundle) => versionFits(bundle.version, prefix));
		if (found !== undefined) return found;
	}
	return null;
}

async function fetchOrFallBack(
	wanted: WantedEngine,
	fetcher: BundleFetcher,
	report: ReportProgress,
): Promise<EngineOutcome> {
	const recipe = engineRecipe(wanted.engine);
	const unavailable = (message: string): EngineOutcome => ({
		...{ kind: "unavailable", wanted, error: new EngineUnavailableError(message) },
	});
	const prefixes = wantedPrefixes(wanted);
	if (!prefixes.some((prefix) => offersPrefix(recipe.engine, prefix))) {
		return unavailable(
			`${recipe.title} ${prefixes.join(" or ")} isn't offered. Choose ${recipe.offers.join(" or ")}.`,
		);
	}
	const ready = (engine: InstalledEngine): EngineOutcome => {
		report("done", `${recipe.title} ${engine.version} (${engine.suite ?? engine.source})`);
		return { kind: "ready", wanted, engine };
	};
	const onPath = await findPathEngine(recipe);
	const failures: string[] = [];
	for (const versionPrefix of prefixes) {
		try {
			return ready(await fetcher.fetch({ recipe, versionPrefix, report }));
		} catch (error) {
			failures.push(error instanceof Error ? error.message : String(error));
		}
		if (onPath !== null && versionFits(onPath.version, versionPrefix)) return ready(onPath);
	}
	const missing = `${recipe.title} ${prefixes.join(" or ")}`;
	return unavailable(
		`${missing} is missing and couldn't be fetched: ${[...new Set(failures)].join("; ")}. ` +
			`Make sure that apt can reach its mirror, or install ${missing} so that ${recipe.server} is on PATH, and try again.`,
	);
}

async function waitForLock(path: string, report: ReportProgress): Promise<{ release(): void }> {
	let reported = false;
	for (;;) {
		try {
			return acquireLock(path, "installing an engine");
		} catch (error) {
			if (!(error instanceof LockHeldError)) throw error;
			if (!reported) report("wait", `process ${error.holder.identity.pid} is installing an engine`);
			reported = true;
		}
		await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
	}
}
