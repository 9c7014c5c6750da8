import { Command, Option } from "commander";
import { metricsRangeSchema, scalingReplaySchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { plural, printable } from "../terminal/format.ts";
import { formatTable } from "../terminal/table.ts";
import { capacity, partNameOf, scalingColumns } from "./caches/scaling.ts";
import { type LimitOptions, limitOptions, limitsOf } from "./caches/serverless-options.ts";

interface ReplayOptions extends ApiOptions, LimitOptions {
	range?: string;
}

export function serverlessCommand(): Command {
	const replay = new Command("replay")
		.summary("what the policy would have decided over recorded samples")
		.description(
			"Print what the scaling policy would have decided over a cache's recorded samples, with its own limits or with others. Works for provisioned caches too. Changes nothing.",
		)
		.argument("<name>")
		.addOption(
			new Option("--range <range>", "how far back (default: 24h)").choices(
				metricsRangeSchema.options,
			),
		)
		.addHelpText(
			"after",
			`
Samples are 5 seconds apart in the last hour, and a minute or more before that, when a cache that grew fast
may seem to have grown slowly.

Examples:
  larder serverless replay orders --range 1h
  larder serverless replay orders --storage-max 4`,
		);
	limitOptions(withApiOptions(replay)).action(run);
	return new Command("serverless").description("Serverless caches").addCommand(replay);
}

async function run(name: string, options: ReplayOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({
		method: "POST",
		path: `/caches/${encodeURIComponent(name)}/scaling/replay`,
		body: { range: options.range, limits: limitsOf(options) },
	});
	if (options.json) {
		printJson(answer);
		return;
	}
	const { items, samples, from, to, end } = scalingReplaySchema.parse(answer);
	if (samples === 0) {
		print(`No samples of ${name} from ${from} to ${to}.`);
		return;
	}
	const part = await partNameOf(api, name);
	if (items.length > 0) {
		const columns = scalingColumns(part).map((column) => ({
			...column,
			value: (row: (typeof items)[number]) => printable(column.value(row)),
		}));
		print(`${formatTable(items, columns)}\n`);
	}
	print(
		`${plural(items.length, "decision")} over ${plural(samples, "sample")} from ${from} to ${to}. At the end: ${capacity(end, part)}.`,
	);
}
