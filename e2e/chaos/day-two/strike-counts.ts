import { markdownTable } from "../../../platform/testing/figures.ts";
import { CHANGES, type ChangeKind } from "./changing-caches.ts";
import { isFor, STRIKES, type StrikeKind } from "./strikes.ts";

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

	note({ change, engine }: Target, strike: StrikeKind): void {
		for (const key of [`${strike} ${change}`, `${strike} ${change} ${engine}`]) {
			this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
		}
	}

	/** Whether a strike that was meant for the change came before the change had ended. */
	noteTime({ change, engine }: Target, wasInTime: boolean): void {
		const withinMs = this.withinMs({ change, engine }) * (wasInTime ? LONGER : SHORTER);
		this.within.set(`${change} ${engine}`, Math.min(MOST_MS, withinMs));
	}

	/** The longest time from the request to the strike. */
	withinMs({ change, engine }: Target): number {
		return this.within.get(`${change} ${engine}`) ?? FIRST_GUESS_MS;
	}

	get total(): number {
		return CELLS.reduce((sum, [strike, change]) => sum + this.of(strike, change), 0);
	}

	/** The number of the combination that has been hit least. */
	least(changes: readonly ChangeKind[]): number {
		const cells = CELLS.filter(([, change]) => changes.includes(change));
		return Math.min(...cells.map(([strike, change]) => this.of(strike, change)));
	}

	/** The fewer strikes have hit such a change, the lower it is: first over all engines, then of this one. */
	rank(strike: StrikeKind, { change, engine }: Target): number {
		return this.of(strike, change) + this.of(strike, change, engine) / 1_000;
	}

	table(): string {
		const engines = [...this.within.keys()].map((key) => key.split(" ").at(-1) ?? "");
		const numbers = (change: ChangeKind, engine?: string) =>
			STRIKES.map((strike) =>
				isFor(strike, change) ? String(this.of(strike, change, engine)) : "",
			);
		const rows = CHANGES.flatMap((change) => [
			[change, "all", ...numbers(change)],
			...[...new Set(engines)]
				.sort()
				.filter((engine) => this.within.has(`${change} ${engine}`))
				.map((engine) => ["", engine, ...numbers(change, engine)]),
		]);
		return markdownTable([["", "", ...STRIKES], ...rows]);
	}

	private of(strike: StrikeKind, change: ChangeKind, engine?: string): number {
		return (
			this.counts.get([strike, change, ...(engine === undefined ? [] : [engine])].join(" ")) ?? 0
		);
	}
}

const CELLS = STRIKES.flatMap((strike) =>
	CHANGES.filter((change) => isFor(strike, change)).map((change) => [strike, change] as const),
);
