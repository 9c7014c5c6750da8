import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../platform/logger.ts";
import type { AcceleratorState } from "../../server/contract/accelerator-process.ts";
import type { HostAccelerators } from "../../server/contract/host-accelerators.ts";
import type { AcceleratorReport, GatewayObservation } from "../../server/contract/host-report.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { AcceleratorProcess } from "./accelerator-process.ts";

const STATE_MS = 5_000;
/** While a process should end or start. */
const BUSY_MS = 200;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

type Wanted = HostAccelerators["instances"][number];

interface Running {
	readonly process: AcceleratorProcess;
	state: AcceleratorState | null;
	/** Why it doesn't serve; null if nothing is known to be wrong. */
	problem: string | null;
	serves: boolean;
}

interface SetOptions {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly liveness: LivenessWatch;
	readonly logger: Logger;
	readonly onChange: () => void;
}

/**
 * The instances of accelerators on this host. A loop compares those that should run with those that do: it adopts what an
 * earlier agent left, starts what is missing, and ends the rest, each in a directory of its own.
 */
export class AcceleratorSet {
	private readonly options: SetOptions;
	private readonly root: string;
	private readonly running = new Map<string, Running>();
	private readonly wakeSignal = new WakeSignal();
	/** Null until the desired state is known: until then nothing ends. */
	private wanted: ReadonlyMap<string, Wanted> | null = null;
	private endpoints: HostAccelerators["endpoints"] = [];
	private stopped = false;
	private loop: Promise<void> = Promise.resolve();

	constructor(options: SetOptions) {
		this.options = options;
		this.root = join(options.homeDir, "accelerators");
	}

	/** Finds what an earlier agent left running, and starts to work. */
	async start(): Promise<void> {
		const names = await readdir(this.root).catch(() => []);
		for (const id of names.filter((name) => NAME.test(name))) {
			const found = this.add(id);
			await found.process.adopt();
			found.serves = found.process.alive;
		}
		this.loop = this.run();
	}

	/** A state without accelerators ends all instances, if the control plane has confirmed it. */
	apply(accelerators: HostAccelerators | undefined, confirmed: boolean): void {
		if (accelerators === undefined && !confirmed) return;
		this.wanted = new Map(accelerators?.instances.map((each) => [each.id, each]));
		this.endpoints = accelerators?.endpoints ?? [];
		this.wakeSignal.notify();
	}

	/** Null if there is nothing to say. */
	report(gateway: GatewayObservation | null): AcceleratorReport | null {
		if (this.wanted === null && this.running.size === 0) return null;
		return {
			instances: [...this.running].map(([id, { process, state, problem, serves }]) => ({
				id,
				phase: process.alive && serves ? "running" : problem === null ? "starting" : "failed",
				reason: problem?.slice(0, 500) ?? null,
				port: process.knownPort,
				state: process.alive ? state : null,
			})),
			endpoints: this.endpoints.map(({ acceleratorId }) => {
				const route = gateway?.routes.find(({ cacheId }) => cacheId === acceleratorId);
				return {
					...{ acceleratorId, ready: route?.ready === true },
					problem:
						route?.problem?.message ??
						(gateway?.phase === "off" ? gateway.reason : null)?.slice(0, 500) ??
						null,
				};
			}),
		};
	}

	/** Releases the instances, which keep running. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.wakeSignal.notify();
		await this.loop;
		for (const { process } of this.running.values()) process.release();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const isBusy = await this.turn().catch((err: unknown) => {
				this.options.logger.error({ err }, "looking at accelerators failed");
				return true;
			});
			this.options.onChange();
			if (this.stopped) return;
			await this.wakeSignal.wait(isBusy ? BUSY_MS : STATE_MS);
		}
	}

	/** Returns whether something is under way. */
	private async turn(): Promise<boolean> {
		const { wanted } = this;
		if (wanted === null) return false;
		for (const id of wanted.keys()) {
			if (this.running.has(id) || !NAME.test(id)) continue;
			await mkdir(join(this.root, id), { recursive: true, mode: 0o700 });
			await this.add(id).process.adopt();
		}
		const turns = [...this.running].map(([id, running]) => this.look(id, running, wanted.get(id)));
		return (await Promise.all(turns)).some((isBusy) => isBusy);
	}

	private async look(id: string, running: Running, wanted: Wanted | undefined): Promise<boolean> {
		const { process } = running;
		if (wanted === undefined) {
			if (!process.alive) return await this.forget(id, process);
			process.drain();
			return true;
		}
		const { settings } = wanted;
		if (!process.alive) return await this.launch(id, running, wanted);
		if (!process.runs(settings)) {
			process.drain();
			return true;
		}
		await process.tell(settings);
		running.state = (await process.state()) ?? running.state;
		// Until it has reached its cache, clients of a new accelerator wait for news.
		return running.state?.cache.usable !== true;
	}

	private async launch(id: string, running: Running, { settings }: Wanted): Promise<boolean> {
		const { process } = running;
		if (process.retryInMs > 0) return true;
		running.state = null;
		running.serves = false;
		running.problem = await process.start(settings);
		running.serves = running.problem === null;
		if (running.serves) running.state = await process.state();
		else
			this.options.logger.error({ id, problem: running.problem }, "an accelerator doesn't start");
		return true;
	}

	private async forget(id: string, process: AcceleratorProcess): Promise<boolean> {
		process.release();
		this.running.delete(id);
		await rm(join(this.root, id), { recursive: true, force: true });
		return false;
	}

	private add(id: string): Running {
		const process = new AcceleratorProcess({
			directory: join(this.root, id),
			...{ bindAddress: this.options.bindAddress, liveness: this.options.liveness },
			logger: this.options.logger,
			isTaken: (port) => [...this.running.values()].some((each) => each.process.knownPort === port),
			onEnd: (detail) => {
				this.options.logger.warn({ id, detail }, "an instance of an accelerator ended");
				this.options.onChange();
				this.wakeSignal.notify();
			},
		});
		const running: Running = { process, state: null, problem: null, serves: false };
		this.running.set(id, running);
		return running;
	}
}
