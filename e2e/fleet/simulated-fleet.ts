import { AGENT_TIMING } from "../../server/contract/limits.ts";
import { EngineRegistry } from "./engine-registry.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { type HostPlace, SimulatedHost, type Surroundings } from "./simulated-host.ts";
import { countTraffic, type Traffic } from "./traffic.ts";

const JOINS_AT_ONCE = 8;

/** All simulated hosts of one process. */
export class SimulatedFleet {
	private readonly hosts = new Map<string, SimulatedHost>();
	private readonly engines = new EngineRegistry();
	private readonly journal = new Journal();
	private readonly traffic = countTraffic();
	private readonly readings: NodeJS.Timeout;

	constructor() {
		// Agents read all engines at the same moments.
		this.readings = setInterval(() => {
			for (const host of this.hosts.values()) host.read();
		}, AGENT_TIMING.metricsIntervalMs);
	}

	async join(places: readonly HostPlace[], url: string, joinToken: string): Promise<void> {
		const around: Surroundings = { url, journal: this.journal, engines: this.engines };
		const waiting = [...places];
		const joinSome = async () => {
			for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
				const host = new SimulatedHost(place, around);
				await host.join(joinToken);
				this.hosts.set(place.name, host);
				host.run();
			}
		};
		await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinSome));
	}

	/** Makes those hosts disappear. Returns the names of the caches whose primary was on one of them. */
	lose(names: readonly string[]): string[] {
		return names.flatMap((name) => {
			const host = this.hosts.get(name);
			this.hosts.delete(name);
			return host?.stop() ?? [];
		});
	}

	takeJournal(): JournalEntry[] {
		return this.journal.take();
	}

	takeTraffic(): Traffic {
		return this.traffic.take();
	}

	stop(): void {
		clearInterval(this.readings);
		for (const host of this.hosts.values()) host.stop();
	}
}
