import { Command, Option } from "commander";
import { toCsv } from "../../server/contract/csv.ts";
import {
	COST_COLUMNS,
	type CostGrouping,
	type CostItem,
	costsSchema,
	USAGE_COLUMNS,
	type UsageAmounts,
	type UsageUnit,
	usageSchema,
	usageUnitSchema,
} from "../../server/contract/index.ts";
import { serverClock } from "../api/client.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { pastInstant } from "../option-values.ts";
import { printable } from "../terminal/format.ts";
import { type Column, formatTable } from "../terminal/table.ts";

interface PeriodOptions extends ApiOptions {
	from?: (now: Date) => Date;
	to?: (now: Date) => Date;
	csv?: boolean;
}

function withPeriod(command: Command): Command {
	return withApiOptions(command)
		.option("--from <time>", "90m, 24h, 7d, or 2026-11-29T12:00:00Z", pastInstant)
		.option("--to <time>", "the same (default: now)", pastInstant)
		.option("--csv", "print CSV");
}

function periodOf({ from, to }: PeriodOptions) {
	const now = new Date(serverClock.at(Date.now()));
	return { from: from?.(now).toISOString(), to: to?.(now).toISOString() };
}

/** For `printf "%s"` alone: the shell adds no line of its own. */
function printCsv(csv: string): void {
	process.stdout.write(csv);
}

interface UsageOptions extends PeriodOptions {
	unit?: UsageUnit;
}

export function usageCommand(): Command {
	const command = new Command("usage")
		.summary("show what a cache used")
		.description("Show what a cache used by minute, hour or day, also after it is deleted.")
		.argument("<cache>")
		.addOption(new Option("--unit <unit>", "default: hour").choices(usageUnitSchema.options))
		.addHelpText(
			"after",
			`
Examples:
  larder usage orders                             the last 24 hours
  larder usage orders --unit minute --from 30m
  larder usage orders --unit day --from 2026-11-01 --csv`,
		);
	return withPeriod(command).action(async (cache: string, options: UsageOptions) => {
		const api = await connect(options);
		const query = { cache, unit: options.unit, ...periodOf(options) };
		const answer = await api.call({ method: "GET", path: "/usage", query });
		const { items, currency } = usageSchema.parse(answer);
		if (options.json) printJson(answer);
		else if (options.csv) printCsv(toCsv(USAGE_COLUMNS, items));
		else if (items.length === 0) print(`Cache ${cache} used nothing in this period.`);
		else {
			const columns = [{ title: "AT", value: ({ at }: { at: string }) => at }];
			print(formatTable(items, [...columns, ...amountColumns(currency)]));
		}
	});
}

interface CostsOptions extends PeriodOptions {
	by?: Exclude<CostGrouping, "tag">;
	tag?: string;
}

export function costsCommand(): Command {
	const command = new Command("costs")
		.summary("show what caches cost")
		.description("Show what caches cost this month, or in another period, and its forecast.")
		.addOption(
			new Option("--by <group>", "default: cache")
				.choices(["cache", "engine", "day", "month"])
				.conflicts("tag"),
		)
		.option("--tag <key>", "group by the values of a tag")
		.addHelpText(
			"after",
			`
Examples:
  larder costs                        this month, by cache
  larder costs --by day --from 7d
  larder costs --tag team --csv`,
		);
	return withPeriod(command).action(async (options: CostsOptions) => {
		const api = await connect(options);
		const groupBy = options.tag === undefined ? (options.by ?? "cache") : "tag";
		const query = { groupBy, tagKey: options.tag, ...periodOf(options) };
		const answer = await api.call({ method: "GET", path: "/costs", query });
		const { items, currency, total, month } = costsSchema.parse(answer);
		if (options.json) return printJson(answer);
		if (options.csv) return printCsv(toCsv(COST_COLUMNS, items));
		if (items.length === 0) print("No costs in this period.");
		else print(formatTable(items, [keyColumn(groupBy), ...amountColumns(currency)]));
		const forecast =
			month.forecast === null
				? "a forecast needs an hour of usage"
				: `forecast for the month: ${month.forecast.toFixed(2)} ${currency}`;
		print(
			`\nTotal: ${total.toFixed(2)} ${currency}. ${month.month} so far: ${month.soFar.toFixed(2)} ${currency}; ${forecast}.`,
		);
	});
}

function keyColumn(groupBy: CostGrouping): Column<CostItem> {
	return {
		title: groupBy.toUpperCase(),
		value: ({ key, deletedAt }) =>
			`${key === null ? "(no tag)" : printable(key)}${deletedAt === null ? "" : " (deleted)"}`,
	};
}

function amountColumns(currency: string): Column<UsageAmounts>[] {
	return [
		right("STORED GB-H", ({ dataStorageGbHours }) => dataStorageGbHours.toFixed(3)),
		right("ECPUS", ({ ecpus }) => ecpus.toFixed(0)),
		right("NODE-HOURS", ({ nodeHours }) => nodeHours.toFixed(2)),
		right(currency, ({ cost }) => cost.toFixed(cost < 1 ? 4 : 2)),
	];
}

function right(title: string, value: (amounts: UsageAmounts) => string): Column<UsageAmounts> {
	return { title, value, align: "right" };
}
