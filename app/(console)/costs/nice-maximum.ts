const STEPS = [1, 2, 3, 4, 6, 8, 10];

/** The end of an axis: a round number that isn't below the largest value, and whose half is round too. */
export function niceMaximum(largest: number): number {
	if (!(largest > 0)) return 1;
	const power = 10 ** Math.floor(Math.log10(largest));
	const step = STEPS.find((each) => each * power >= largest * (1 - 1e-9)) ?? 10;
	return step * power;
}
