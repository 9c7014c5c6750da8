import { createHash } from "node:crypto";
import { rename } from "node:fs/promises";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { SENTINEL_PORT_RANGE } from "../../server/contract/limits.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { ownFile } from "../drivers/own-file.ts";
import { flavorOf, isServerProgram } from "../drivers/valkey-flavor.ts";
import { readLogTail } from "../instances/log-tail.ts";
import { HostService } from "../services/host-service.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { SentinelLink } from "./sentinel-link.ts";
import type { SentinelPaths } from "./sentinel-paths.ts";
import { type SentinelRecord, sentinelRecordSchema } from "./sentinel-record.ts";

/** Valkey's message when it can't parse its own file. */
const BROKEN_FILE = "FATAL CONFIG FILE ERROR";

/**
 * The Sentinel of this host, restarted from the file that it left. That file is its memory and belongs to it:
 * the agent writes the first one, and another only if Sentinel can't use it.
 */
export class SentinelProcess extends HostService<SentinelRecord> {
	private readonly options: {
		paths: SentinelPaths;
		bindAddress: string;
		liveness: LivenessWatch;
		logger: Logger;
		/** It has ended. */
		onEnd: (detail: string) => void;
	};

	constructor(options: SentinelProcess["options"]) {
		super({
			...options,
			name: "Sentinel",
			recordSchema: sentinelRecordSchema,
			isServerProgram: (path) => isServerProgram(flavorOf("valkey"), path),
		});
		this.options = options;
	}

	override async adopt(): Promise<void> {
		await super.adopt();
		if (!this.alive) return;
		if (this.record.port === null) await this.remember(await this.readAddress());
		// It can't change its address while it runs. It has already written down what it must remember.
		if (this.record.bindAddress !== this.options.bindAddress) this.end();
	}

	/** Returns null once it listens, otherwise what prevented that. */
	async start(program: string, password: string): Promise<string | null> {
		const { paths, bindAddress } = this.options;
		const port = await this.choosePort();
		if (port === null) {
			const { first, last } = SENTINEL_PORT_RANGE;
			return `Sentinel can't listen on any port of ${bindAddress} from ${first} to ${last}`;
		}
		await this.provideConfiguration(password);
		// Before the start: after a crash, the next agent looks for it there.
		await this.remember({ port, bindAddress });
		const address = ["--port", String(port), "--bind", bindAddress];
		const listens = await this.launch({
			program,
			args: [ownFile(paths.configuration), ...address, "--sentinel"],
			serves: () => this.listens(password),
		});
		if (listens) return null;
		if ((await readFileIfExists(paths.log))?.includes(BROKEN_FILE)) await this.setFileAside();
		return (await readLogTail(paths.log)) || "it doesn't listen";
	}

	private async listens(password: string): Promise<boolean> {
		try {
			(await this.open(password)).close();
			return true;
		} catch (error) {
			return error instanceof EngineCommandError;
		}
	}

	private async open(password: string): Promise<SentinelLink> {
		const { port } = this.record;
		if (port === null) throw new Error("Sentinel's port isn't known");
		return await SentinelLink.open({ host: this.options.bindAddress, port }, password);
	}

	/** Throws if it isn't there yet. A Sentinel with another password is replaced by one with a new memory. */
	async connect(password: string): Promise<SentinelLink> {
		try {
			return await this.open(password);
		} catch (error) {
			if (error instanceof EngineCommandError) {
				await this.setFileAside();
				this.end();
			}
			throw error;
		}
	}

	/** Prefers its former port if that is free, because other Sentinels know it. */
	private async choosePort(): Promise<number | null> {
		const { first, last } = SENTINEL_PORT_RANGE;
		const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
		const before = this.record.port;
		for (const port of before === null ? all : [before, ...all]) {
			if ((await probePort(this.options.bindAddress, port)).kind === "free") return port;
		}
		return null;
	}

	/** Its address, from the file that it keeps itself. */
	private async readAddress(): Promise<Pick<SentinelRecord, "port" | "bindAddress">> {
		const text = (await readFileIfExists(this.options.paths.configuration)) ?? "";
		const port = /^port (\d+)$/m.exec(text)?.[1];
		const bindAddress = /^bind "?([\d.]+)/m.exec(text)?.[1] ?? null;
		return { port: port === undefined ? null : Number(port), bindAddress };
	}

	/** With an empty or truncated file, Sentinel would start as a new one that admits everyone. */
	private async provideConfiguration(password: string): Promise<void> {
		const { configuration } = this.options.paths;
		const found = await readFileIfExists(configuration);
		if (found !== null && /^user default on .*#[0-9a-f]{64}/m.test(found)) return;
		if (found !== null) await this.setFileAside();
		await writeFileAtomic(configuration, firstConfiguration(password));
	}

	private async setFileAside(): Promise<void> {
		const { paths, logger } = this.options;
		logger.error(
			{ file: paths.configuration },
			"Sentinel's configuration file can't be used; replacing it with a new one",
		);
		await rename(paths.configuration, `${paths.configuration}.damaged`).catch((error: unknown) => {
			// It was deleted while Sentinel ran.
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		});
	}
}

/** Enough to log in; the agent tells the running Sentinel the rest, which Sentinel adds to the file. */
function firstConfiguration(password: string): string {
	const hash = createHash("sha256").update(password).digest("hex");
	return [
		// Protected mode refuses strangers only if no password is set.
		"protected-mode no",
		`user default on #${hash} ~* &* +@all`,
		"sentinel deny-scripts-reconfig yes",
		"",
	].join("\n");
}
