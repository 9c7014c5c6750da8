import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { openFilesOf } from "../machine/open-files.ts";
import { HostService } from "../services/host-service.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { type GatewayRecord, gatewayRecordSchema } from "./gateway-record.ts";
import { alertsIn, askHaproxy } from "./haproxy-socket.ts";

/** Lines that arrive together are one piece of news. */
const NEWS_DELAY_MS = 10;
/** An HAProxy that fails to answer this many times in a row counts as hung. */
const SILENCES_MAX = 2;

/** The HAProxy of this host: a master process, whose workers end with it. */
export class HaproxyProcess extends HostService<GatewayRecord> {
	private silences = 0;
	private logWatcher: FSWatcher | null = null;
	private newsTimer: NodeJS.Timeout | null = null;
	private readonly options: {
		paths: GatewayPaths;
		liveness: LivenessWatch;
		logger: Logger;
		/** It ended by itself. */
		onEnd: (detail: string) => void;
		/** It has written to its log, as it does when a server comes or goes. */
		onNews: () => void;
	};

	constructor(options: HaproxyProcess["options"]) {
		super({
			...options,
			name: "the gateway's HAProxy",
			recordSchema: gatewayRecordSchema,
			isServerProgram: (path) => basename(path.replace(/ \(deleted\)$/, "")) === "haproxy",
		});
		this.options = options;
	}

	/** How many files it may open; infinite while it doesn't run. */
	get openFiles(): number {
		const { pid } = this;
		try {
			return pid === null ? Number.POSITIVE_INFINITY : openFilesOf(pid).hard;
		} catch {
			return Number.POSITIVE_INFINITY;
		}
	}

	override async adopt(): Promise<void> {
		await super.adopt();
		if (!this.alive) return;
		this.watchLog();
		if (this.record.ports.length > 0) return;
		const text = (await readFileIfExists(this.options.paths.configuration)) ?? "";
		const ports = [...text.matchAll(/^\tbind \S+:(\d+)$/gm)].map((match) => Number(match[1]));
		await this.remember({ ports });
	}

	/** Starts it with the configuration on disk. Returns null once it serves, otherwise what prevented that. */
	async start(program: string): Promise<string | null> {
		const { paths } = this.options;
		this.silences = 0;
		const served = await this.launch({
			program,
			args: [
				...["-W", "-S", `unix@${paths.named(paths.masterSocket)},mode,600`],
				...["-f", paths.named(paths.configuration)],
			],
			serves: async () => {
				const command = "@1 show servers state";
				const answer = await askHaproxy(paths.masterSocket, command, 500).catch(() => "");
				return answer.startsWith("1");
			},
		});
		this.watchLog();
		return served ? null : alertsIn((await readFileIfExists(paths.log)) ?? "");
	}

	override release(): void {
		super.release();
		this.logWatcher?.close();
		if (this.newsTimer !== null) clearTimeout(this.newsTimer);
	}

	noteAnswer(): void {
		this.silences = 0;
	}

	/** Call when HAProxy doesn't answer; ends it if it hangs. */
	noteSilence(): void {
		const { pid } = this;
		if (pid === null || ++this.silences < SILENCES_MAX) return;
		this.options.logger.error({ pid }, "the gateway's HAProxy hangs; replacing it");
		this.end();
	}

	/** Without the watch, the gateway finds news only when it looks. */
	private watchLog(): void {
		const { paths, logger, onNews } = this.options;
		this.logWatcher?.close();
		try {
			this.logWatcher = watch(paths.log, { persistent: false }, () => {
				this.newsTimer ??= setTimeout(() => {
					this.newsTimer = null;
					onNews();
				}, NEWS_DELAY_MS);
			});
			this.logWatcher.on("error", (error) =>
				logger.debug({ err: error }, "the watch on HAProxy's log failed"),
			);
		} catch (error) {
			logger.debug({ err: error }, "HAProxy's log can't be watched");
		}
	}
}
