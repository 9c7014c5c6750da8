/** A span of time, and the share of a period that falls into it. */
export interface SpanShare {
	/** When the span begins: a multiple of its length. */
	readonly at: Date;
	readonly share: number;
}

/** Divides a period among the spans that it touches. A period without length belongs to the span that it is in. */
export function divideAmongSpans(from: Date, to: Date, spanMs: number): SpanShare[] {
	const lengthMs = to.getTime() - from.getTime();
	if (lengthMs <= 0) return [{ at: floorTo(to, spanMs), share: 1 }];
	const shares: SpanShare[] = [];
	for (let start = floorTo(from, spanMs).getTime(); start < to.getTime(); start += spanMs) {
		const begin = Math.max(start, from.getTime());
		const end = Math.min(start + spanMs, to.getTime());
		shares.push({ at: new Date(start), share: (end - begin) / lengthMs });
	}
	return shares;
}

export function floorTo(at: Date, ms: number): Date {
	return new Date(Math.floor(at.getTime() / ms) * ms);
}
