import { z } from "zod";
import { observationSchema } from "../contract/host-report.ts";

/** An observation, and what only a series of them shows (ProcessHistory). */
export const storedObservationSchema = observationSchema.extend({
	hasSynced: z.boolean(),
	/** Missing in older rows. */
	hasLed: z.boolean().default(false),
	silentSince: observationSchema.shape.silentSince.default(null),
	busy: observationSchema.shape.busy.default(false),
});
export type StoredObservation = z.infer<typeof storedObservationSchema>;

/** Offsets rise with every write and aren't news, and neither is what elastic nodes use. */
export function isSameButForOffset(a: StoredObservation, b: StoredObservation): boolean {
	return textWithoutOffset(a) === textWithoutOffset(b);
}

/** Each observation is compared twice: with the one before it and with the one after it. */
const texts = new WeakMap<StoredObservation, string>();

function textWithoutOffset(observation: StoredObservation): string {
	const known = texts.get(observation);
	if (known !== undefined) return known;
	const { engineState } = observation;
	const text = JSON.stringify({
		...observation,
		elastic: undefined,
		engineState: engineState && { ...engineState, offset: 0 },
	});
	texts.set(observation, text);
	return text;
}
