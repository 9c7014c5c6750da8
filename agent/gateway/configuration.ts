import { createHash } from "node:crypto";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Route } from "../../server/contract/agent.ts";
import type { InstalledEngine } from "../bundles/index.ts";
import { configContext } from "./config-context.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { reloadKey, renderHaproxyConfig } from "./haproxy-config.ts";
import type { HaproxyProcess } from "./haproxy-process.ts";
import { askHaproxy, parseReload, type ServerStates } from "./haproxy-socket.ts";
import { checkConfiguration, findRefusedRoutes } from "./refused-routes.ts";
import { portsOf } from "./route-plan.ts";

/** Changes that come closer together are taken over as one. */
const RELOAD_EVERY_MS = 100;
const RELOAD_TIMEOUT_MS = 15_000;
const RETRY_MS = 1_000;

/** What HAProxy was given, and how it is given something else without a client noticing. */
export class Configuration {
	/** Why the newest one isn't in force; null when it is. */
	failure: string | null = null;
	private triedAt = Number.NEGATIVE_INFINITY;
	private retryAt = Number.NEGATIVE_INFINITY;
	/** What was tried at last: something else needn't wait for the retry. */
	private triedHash = "";
	/** Of the routes that were asked for last: they are the same most of the time, and many. */
	private last: { routes: readonly Route[]; program: InstalledEngine; hash: string } | null = null;
	private refusals = new Map<string, string>();
	private readonly options: {
		paths: GatewayPaths;
		haproxy: HaproxyProcess;
		bindAddress: string;
		cpus: number;
		logger: Logger;
	};

	constructor(options: Configuration["options"]) {
		this.options = options;
	}

	/** Why HAProxy can't be given that route; null when it can, or when that isn't known. */
	refusalOf(route: Route): string | null {
		if (this.refusals.size === 0) return null;
		return this.refusals.get(sha256(JSON.stringify(route))) ?? null;
	}

	/**
	 * Reloads HAProxy, or starts it, when what runs isn't what these routes make. `waiting` asks to be called again soon.
	 */
	async bringIntoForce(
		routes: readonly Route[],
		program: InstalledEngine,
		readStates: () => Promise<ServerStates>,
	): Promise<"in-force" | "changed" | "waiting"> {
		const { paths, haproxy, logger } = this.options;
		if (routes.length === 0 && !haproxy.alive) {
			this.failure = null;
			return "in-force";
		}
		const hash = this.hashOf(routes, program);
		if (haproxy.alive && haproxy.record?.configurationHash === hash) {
			this.failure = null;
			return "in-force";
		}
		const now = performance.now();
		const retryAt = hash === this.triedHash ? this.retryAt : Number.NEGATIVE_INFINITY;
		if (now < this.triedAt + RELOAD_EVERY_MS || now < retryAt) return "waiting";
		if (!haproxy.alive && haproxy.retryInMs > 0) return "waiting";
		const { usable } = await readStates();
		const isUsable = (backend: string, server: string) => usable.has(`${backend}/${server}`);
		const context = configContext(this.options, paths, program, routes);
		await writeFileAtomic(paths.configuration, renderHaproxyConfig({ ...context, isUsable }));
		const ports = routes.flatMap(portsOf);
		// Before it is done: after a crash in between, the next agent knows of ports that may be held already.
		const mayHold = new Set([...(haproxy.alive ? (haproxy.record?.ports ?? []) : []), ...ports]);
		await haproxy.remember({ configurationHash: null, ports: [...mayHold] });
		const failure = haproxy.alive ? await this.reload() : await haproxy.start(program.server);
		this.triedAt = performance.now();
		this.triedHash = hash;
		this.failure = failure;
		if (failure === null) {
			await haproxy.remember({ configurationHash: hash, ports });
			return "changed";
		}
		logger.error({ reason: failure }, "HAProxy refused its configuration");
		this.retryAt = this.triedAt + RETRY_MS;
		await this.findRefusals(routes, program);
		return "waiting";
	}

	private hashOf(routes: readonly Route[], program: InstalledEngine): string {
		const { last, options } = this;
		const sameProgram =
			last?.program.server === program.server && last.program.version === program.version;
		if (sameProgram && last.routes === routes) return last.hash;
		const hash = sha256(reloadKey(configContext(options, options.paths, program, routes)));
		this.last = { routes, program, hash };
		return hash;
	}

	/** Null once the new worker serves, or why it doesn't: then the old one goes on. */
	private async reload(): Promise<string | null> {
		const { masterSocket } = this.options.paths;
		const result = parseReload(await askHaproxy(masterSocket, "reload", RELOAD_TIMEOUT_MS));
		return result.kind === "done" ? null : result.message;
	}

	/** One broken route must not keep the others out: it is left out of the next attempt. */
	private async findRefusals(routes: readonly Route[], program: InstalledEngine): Promise<void> {
		const { paths } = this.options;
		const refused = await findRefusedRoutes(routes, (some) => {
			const context = configContext(this.options, paths, program, some);
			return checkConfiguration({
				program: program.server,
				text: renderHaproxyConfig({ ...context, isUsable: () => false }),
				scratchFile: `${paths.configuration}.check`,
			});
		});
		// Those that were refused before are still: a changed one has another key.
		for (const { route, message } of refused) {
			this.refusals.set(sha256(JSON.stringify(route)), message);
		}
	}
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
