import type { z } from "zod";
import type {
	AcceleratorHistory,
	acceleratorHistoryInputSchema,
} from "../../contract/accelerator.ts";
import { readAcceleratorSamples } from "../../data/accelerator-samples.ts";
import { ACCELERATOR_RESOLUTIONS, acceleratorSeries } from "../../domain/accelerator/samples.ts";
import { chooseResolution, RANGE_SECONDS } from "../../domain/metrics/resolutions.ts";
import type { Resources } from "../context.ts";
import { findAccelerator } from "./find-accelerator.ts";

/** What its instances did over the range that ends now, since the accelerator was created. Throws `not_found`. */
export async function getAcceleratorHistory(
	{ db, clock }: Resources,
	{ name, range }: z.output<typeof acceleratorHistoryInputSchema>,
): Promise<AcceleratorHistory> {
	const { id, createdAt } = await findAccelerator(db, name);
	const to = clock.now();
	const from = new Date(to.getTime() - RANGE_SECONDS[range] * 1_000);
	const resolutionSeconds = chooseResolution(range, ACCELERATOR_RESOLUTIONS);
	const begin = new Date(Math.max(from.getTime(), createdAt.getTime()));
	// The span that the range begins in began earlier.
	const since = new Date(begin.getTime() - resolutionSeconds * 1_000);
	const spans = await readAcceleratorSamples(db, {
		...{ acceleratorId: id, resolutionSeconds, from: since },
	});
	const { at, values } = acceleratorSeries(spans, { from: begin, to, resolutionSeconds });
	return {
		...{ range, resolutionSeconds, values },
		...{ from: from.toISOString(), to: to.toISOString() },
		at: at.map((time) => time.toISOString()),
	};
}
