import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { signalProcess } from "../../platform/process-identity.ts";
import {
	type AcceleratorFile,
	type AcceleratorSettings,
	type AcceleratorState,
	acceleratorStateSchema,
	HEALTH_PATH,
	STATE_PATH,
	STATE_TOKEN_HEADER,
} from "../../server/contract/accelerator-process.ts";
import { ACCELERATOR_PORT_RANGE } from "../../server/contract/limits.ts";
import { readLogTail } from "../instances/log-tail.ts";
import { HostService } from "../services/host-service.ts";
import { serviceRecordSchema } from "../services/service-record.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { ACCELERATOR_ARGS, isNodeProgram, PROGRAM_HASH } from "./accelerator-program.ts";

const ANSWER_MS = 1_000;
/** Longer than an instance lets calls under way end. */
const DRAIN_MS = 7_000;

const recordSchema = serviceRecordSchema.extend({
	port: z.int32().nullable().default(null),
	/** With which it tells its state. */
	stateToken: z.string().default(""),
	/** Of the settings that need a new process when they change. */
	startHash: z.string().default(""),
	/** Of those that a running process takes over. */
	toldHash: z.string().default(""),
});
type AcceleratorRecord = z.infer<typeof recordSchema>;

interface ProcessOptions {
	readonly directory: string;
	readonly bindAddress: string;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	/** Ports that other instances of this host have. */
	readonly isTaken: (port: number) => boolean;
	readonly onEnd: (detail: string) => void;
}

/** One instance of an accelerator. */
export class AcceleratorProcess extends HostService<AcceleratorRecord> {
	private readonly options: ProcessOptions;
	private endingSince: number | null = null;
	private adopted = false;

	constructor(options: ProcessOptions) {
		const { directory } = options;
		super({
			...{ name: "accelerator", recordSchema, isServerProgram: isNodeProgram },
			...{ liveness: options.liveness, logger: options.logger, onEnd: options.onEnd },
			paths: {
				directory,
				log: join(directory, "accelerator.log"),
				record: join(directory, "state.json"),
			},
		});
		this.options = options;
	}

	/** Null until it has one. */
	get knownPort(): number | null {
		return this.adopted ? this.record.port : null;
	}

	override async adopt(): Promise<void> {
		await super.adopt();
		this.adopted = true;
	}

	/** Whether its process was started with these settings, apart from those that it takes over while it runs. */
	runs(settings: AcceleratorSettings): boolean {
		return this.alive && this.record.startHash === startHashOf(settings);
	}

	/** Tells the running process where its cache is now, and how long it should keep entries. */
	async tell(settings: AcceleratorSettings): Promise<void> {
		const { identity, port, stateToken, toldHash } = this.record;
		const hash = toldHashOf(settings);
		if (identity === null || port === null || toldHash === hash) return;
		await this.writeSettings(settings, port, stateToken);
		signalProcess(identity, "SIGHUP");
		await this.remember({ toldHash: hash });
	}

	/** Returns null once it serves, otherwise what prevented that. */
	async start(settings: AcceleratorSettings): Promise<string | null> {
		this.endingSince = null;
		const { directory, bindAddress } = this.options;
		const port = await this.choosePort();
		if (port === null) {
			const { first, last } = ACCELERATOR_PORT_RANGE;
			return `an accelerator can't listen on any port of ${bindAddress} from ${first} to ${last}`;
		}
		const stateToken = randomBytes(24).toString("base64url");
		await this.writeSettings(settings, port, stateToken);
		await this.remember({
			...{ port, stateToken },
			startHash: startHashOf(settings),
			toldHash: toldHashOf(settings),
		});
		const served = await this.launch({
			program: process.execPath,
			args: [...ACCELERATOR_ARGS, settingsFile(directory)],
			serves: async () => (await this.ask(HEALTH_PATH)) !== null,
		});
		return served
			? null
			: (await readLogTail(join(directory, "accelerator.log"))) || "it doesn't listen";
	}

	/** What it says about itself; null if it doesn't answer. */
	async state(): Promise<AcceleratorState | null> {
		const text = await this.ask(STATE_PATH);
		if (text === null) return null;
		return acceleratorStateSchema.safeParse(JSON.parse(text)).data ?? null;
	}

	/** Lets calls under way end, and kills what hangs. Call it again until the process is gone. */
	drain(): void {
		const { identity } = this.record;
		if (!this.alive || identity === null) return;
		const now = performance.now();
		if (this.endingSince === null) {
			this.endingSince = now;
			signalProcess(identity, "SIGTERM");
		} else if (now - this.endingSince > DRAIN_MS) this.end();
	}

	private async ask(path: string): Promise<string | null> {
		const { port, stateToken } = this.record;
		if (port === null) return null;
		try {
			const answer = await fetch(`http://${this.options.bindAddress}:${port}${path}`, {
				headers: { [STATE_TOKEN_HEADER]: stateToken },
				signal: AbortSignal.timeout(ANSWER_MS),
			});
			return answer.ok ? await answer.text() : null;
		} catch {
			// It isn't there yet, or no longer.
			return null;
		}
	}

	private async writeSettings(
		settings: AcceleratorSettings,
		port: number,
		stateToken: string,
	): Promise<void> {
		const { directory, bindAddress } = this.options;
		const file: AcceleratorFile = {
			...{ format: 1, listen: { host: bindAddress, port }, stateToken, settings },
		};
		await writeFileAtomic(settingsFile(directory), JSON.stringify(file));
	}

	/** Prefers its former port, which the gateways know. */
	private async choosePort(): Promise<number | null> {
		const { first, last } = ACCELERATOR_PORT_RANGE;
		const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
		const before = this.record.port;
		const others = all.filter((port) => !this.options.isTaken(port));
		for (const port of before === null ? others : [before, ...others]) {
			if ((await probePort(this.options.bindAddress, port)).kind === "free") return port;
		}
		return null;
	}
}

function settingsFile(directory: string): string {
	return join(directory, "settings.json");
}

/** What a running process takes over when it is told; it must start anew for any other setting. */
function split({ cache, itemTtlMs, queryTtlMs, ...fixed }: AcceleratorSettings) {
	return { told: { cache, itemTtlMs, queryTtlMs }, fixed };
}

function startHashOf(settings: AcceleratorSettings): string {
	return hashOf([split(settings).fixed, PROGRAM_HASH]);
}

function toldHashOf(settings: AcceleratorSettings): string {
	return hashOf(split(settings).told);
}

function hashOf(value: unknown): string {
	return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}
