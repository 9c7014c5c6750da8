import { markdownTable } from "../../../platform/testing/figures.ts";
import { CHANGES, type ChangeKind } from "./changing-caches.ts";
import { STRIKES, type StrikeKind } from "./strikes.ts";

const FIRST_GUESS_MS = 1_500;
/** So about two strikes of three hit the change before it ends, and each moment of it may be hit. */
const [LONGER, SHORTER] = [1.15, 0.75];
const MOST_MS = 30_000;

/** A kind of change of one engine's cache. */
export interface Target {
	change: ChangeKind;
	/** Such as valkey-9. */
	engine: string;
}

/** How many strikes have hit what, and when the next one should. */
export class StrikeCounts {
	private readonly counts = new Map<string, number>();
	private readonly within = new Map<string, number>();

	/** `hit`: the change was still under way. */
	note({ change, engine }: Target, strike: StrikeKind, hit: boolean): void {
		const withinMs = this.withinMs({ change, engine }) * (hit ? LONGER : SHORTER);
		this.within.set(`${change} ${engine}`, Math.min(MOST_MS, withinMs));
		if (!hit) return;
		for (const key of [`${strike} ${change}`, `${strike} ${change} ${engine}`]) {
			this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
		}
	}

	/** The longest time from the request to the strike. */
	withinMs({ change, engine }: Target): number {
		return this.within.get(`${change} ${engine}`) ?? FIRST_GUESS_MS;
	}

	get total(): number {
		return STRIKES.flatMap((strike) => CHANGES.map((change) => this.of(strike, change))).reduce(
			(sum, count) => sum + count,
			0,
		);
	}

	/** The fewer strikes have hit such a change, the lower it is: first over all engines, then of this one. */
	rank(strike: StrikeKind, { change, engine }: Target): number {
		return this.of(strike, change) + this.of(strike, change, engine) / 1_000;
	}

	table(): string {
		const engines = [...this.within.keys()].map((key) => key.split(" ").at(-1) ?? "");
		const rows = CHANGES.flatMap((change) =>
			[...new Set(engines)].sort().flatMap((engine) => {
				const counts = STRIKES.map((strike) => this.of(strike, change, engine));
				return counts.some((count) => count > 0) ? [[change, engine, ...counts.map(String)]] : [];
			}),
		);
		return markdownTable([["", "", ...STRIKES], ...rows]);
	}

	private of(strike: StrikeKind, change: ChangeKind, engine?: string): number {
		return (
			this.counts.get([strike, change, ...(engine === undefined ? [] : [engine])].join(" ")) ?? 0
		);
	}
}
