import { createHash } from "node:crypto";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Route } from "../../server/contract/routes.ts";
import type { InstalledEngine } from "../bundles/index.ts";
import { openFilesOf } from "../machine/open-files.ts";
import { configContext } from "./config-context.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { reloadKey, renderHaproxyConfig } from "./haproxy-config.ts";
import type { HaproxyProcess } from "./haproxy-process.ts";
import { askHaproxy, parseReload, type ServerStates } from "./haproxy-socket.ts";
import { checkConfiguration, findRefusedRoutes } from "./refused-routes.ts";
import { portsOf } from "./route-plan.ts";

/** Changes that arrive closer together are applied as one. */
const RELOAD_EVERY_MS = 100;
const RELOAD_TIMEOUT_MS = 15_000;
const RETRY_MS = 1_000;

/** HAProxy's current configuration, and how to change it without clients noticing. */
export class Configuration {
	/** Why the newest configuration isn't in effect; null if it is. */
	failure: string | null = null;
	private triedAt = Number.NEGATIVE_INFINITY;
	private retryAt = Number.NEGATIVE_INFINITY;
	/** Hash of the last attempt: a different configuration needn't wait for the retry. */
	private triedHash = "";
	/** The routes requested last: they are usually the same, and many. */
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

	/** Why HAProxy refuses that route; null if it accepts it, or if that isn't known. */
	refusalOf(route: Route): string | null {
		if (this.refusals.size === 0) return null;
		return this.refusals.get(sha256(JSON.stringify(route))) ?? null;
	}

	/**
	 * Reloads or starts HAProxy if the running configuration differs from these routes. `waiting` asks to be
	 * called again soon.
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
		if (haproxy.alive && haproxy.record.configurationHash === hash) {
			this.failure = null;
			return "in-force";
		}
		const now = performance.now();
		const retryAt = hash === this.triedHash ? this.retryAt : Number.NEGATIVE_INFINITY;
		if (now < this.triedAt + RELOAD_EVERY_MS || now < retryAt) return "waiting";
		if (!haproxy.alive && haproxy.retryInMs > 0) return "waiting";
		const { usable } = await readStates();
		const isUsable = (backend: string, server: string) => usable.has(`${backend}/${server}`);
		const context = this.contextOf(routes, program);
		await writeFileAtomic(paths.configuration, renderHaproxyConfig({ ...context, isUsable }));
		const ports = routes.flatMap(portsOf);
		// Before the reload: after a crash in between, the next agent knows which ports may already be held.
		const mayHold = new Set([...(haproxy.alive ? haproxy.record.ports : []), ...ports]);
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
		const { last } = this;
		const sameProgram =
			last?.program.server === program.server && last.program.version === program.version;
		if (sameProgram && last.routes === routes) return last.hash;
		const hash = sha256(reloadKey(this.contextOf(routes, program)));
		this.last = { routes, program, hash };
		return hash;
	}

	private contextOf(routes: readonly Route[], program: InstalledEngine) {
		const { paths, haproxy, bindAddress, cpus } = this.options;
		// An HAProxy that an earlier agent started has that agent's limit, and would refuse more.
		const openFiles = Math.min(openFilesOf().hard, haproxy.openFiles);
		return configContext({ bindAddress, cpus, openFiles }, paths, program, routes);
	}

	/** Null once the new worker serves, otherwise why it doesn't; the old one then continues. */
	private async reload(): Promise<string | null> {
		const { masterSocket } = this.options.paths;
		const result = parseReload(await askHaproxy(masterSocket, "reload", RELOAD_TIMEOUT_MS));
		return result.kind === "done" ? null : result.message;
	}

	/** One broken route must not keep the others out: the next attempt leaves it out. */
	private async findRefusals(routes: readonly Route[], program: InstalledEngine): Promise<void> {
		const { paths } = this.options;
		const refused = await findRefusedRoutes(routes, (some) => {
			const context = this.contextOf(some, program);
			return checkConfiguration({
				program: program.server,
				text: renderHaproxyConfig({ ...context, isUsable: () => false }),
				scratchFile: `${paths.configuration}.check`,
			});
		});
		// Routes that were refused before still are: a changed one has another key.
		for (const { route, message } of refused) {
			this.refusals.set(sha256(JSON.stringify(route)), message);
		}
	}
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
