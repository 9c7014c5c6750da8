const SPAN_MS = 2_000;
/** Significant digits. */
const DIGITS = 2;

/** What clients have used over the last seconds. Times are `performance.now()`. */
export class RecentUse {
	private readonly uses: { at: number; used: number }[] = [];

	add(at: number, used: number): void {
		this.uses.push({ at, used });
		while ((this.uses[0]?.at ?? at) < at - SPAN_MS) this.uses.shift();
	}

	perSecond(now: number): number {
		const recent = this.uses.filter(({ at }) => at >= now - SPAN_MS);
		const used = recent.reduce((sum, each) => sum + each.used, 0);
		return Number(((used * 1_000) / SPAN_MS).toPrecision(DIGITS));
	}
}
