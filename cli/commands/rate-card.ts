import { Command, InvalidArgumentError } from "commander";
import {
	engineSchema,
	type RateCard,
	type RateCardView,
	rateCardViewSchema,
} from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { collectPair } from "../option-values.ts";
import { formatTable } from "../terminal/table.ts";

export function rateCardCommand(): Command {
	return new Command("rate-card")
		.description("The rate card: prices that costs are calculated from")
		.addCommand(showCommand())
		.addCommand(setCommand());
}

function showCommand(): Command {
	const command = new Command("show").description("Show the prices");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "GET", path: "/rate-card" });
		if (options.json) printJson(answer);
		else print(describe(rateCardViewSchema.parse(answer)));
	});
}

function price(text: string): number {
	const value = Number(text);
	if (text.trim() === "" || !(value >= 0)) {
		throw new InvalidArgumentError("It must be a number that isn't negative.");
	}
	return value;
}

interface SetOptions extends ApiOptions {
	node?: Record<string, string>;
	perGib?: number;
	nodeFactor?: Record<string, string>;
	gbHour?: Record<string, string>;
	minimumGb?: Record<string, string>;
	millionEcpus?: Record<string, string>;
	currency?: string;
	exchangeRate?: number;
}

function setCommand(): Command {
	const command = new Command("set")
		.summary("change prices")
		.description("Change prices. They apply from now on; costs so far stay.")
		.option("--node <type=price>", "of a node for an hour; can be repeated", collectPair)
		.option("--per-gib <price>", "of a GiB for an hour, for types without a price", price)
		.option("--node-factor <engine=factor>", "of the prices of an engine's nodes", collectPair)
		.option("--gb-hour <engine=price>", "serverless: of a GB stored for an hour", collectPair)
		.option("--minimum-gb <engine=GB>", "serverless: the least that is billed", collectPair)
		.option("--million-ecpus <engine=price>", "serverless: of a million ECPUs", collectPair)
		.option("--currency <code>", "such as EUR; needs --exchange-rate, and new prices")
		.option(
			"--exchange-rate <rate>",
			"what one unit of the old currency is in the new; converts costs so far, not prices",
			price,
		)
		.addHelpText(
			"after",
			`
Examples:
  larder rate-card set --node cache.t4g.micro=0.01 --node own.small=0.004
  larder rate-card set --gb-hour valkey=0.05 --million-ecpus valkey=0.001
  larder rate-card set --currency EUR --exchange-rate 0.92`,
		);
	return withApiOptions(command).action(async (options: SetOptions) => {
		const api = await connect(options);
		const path = "/rate-card";
		const before = rateCardViewSchema.parse(await api.call({ method: "GET", path }));
		const { exchangeRate } = options;
		const body = {
			...changed(before, options),
			...(exchangeRate !== undefined && { exchangeRate }),
		};
		const answer = await api.call({ method: "PUT", path, body });
		if (options.json) printJson(answer);
		else print(describe(rateCardViewSchema.parse(answer)));
	});
}

function changed(card: RateCardView, options: SetOptions): RateCardView {
	const next = structuredClone(card);
	for (const [type, value] of Object.entries(options.node ?? {})) {
		next.nodeTypes[type] = numberOf(value, `--node ${type}`);
	}
	if (options.perGib !== undefined) next.perGibHour = options.perGib;
	if (options.currency !== undefined) next.currency = options.currency;
	const rates = [
		["nodePriceFactor", "--node-factor", options.nodeFactor],
		["perGbHour", "--gb-hour", options.gbHour],
		["minimumGb", "--minimum-gb", options.minimumGb],
		["perMillionEcpus", "--million-ecpus", options.millionEcpus],
	] as const;
	for (const [field, option, values] of rates) {
		for (const [name, value] of Object.entries(values ?? {})) {
			const engine = engineSchema.safeParse(name);
			if (!engine.success) {
				throw new CliError(
					`${option}: ${name} isn't an engine: ${engineSchema.options.join(", ")}.`,
					EXIT.invalidInput,
				);
			}
			next.engines[engine.data][field] = numberOf(value, `${option} ${name}`);
		}
	}
	return next;
}

function numberOf(text: string, option: string): number {
	const value = Number(text);
	if (text.trim() === "" || !(value >= 0)) {
		throw new CliError(`${option}: ${text} isn't a price.`, EXIT.invalidInput);
	}
	return value;
}

function describe({ currency, nodeTypes, perGibHour, engines }: RateCard): string {
	const types = Object.entries(nodeTypes).map(([name, hour]) => ({ name, hour }));
	const nodes = formatTable(types, [
		{ title: "NODE TYPE", value: ({ name }) => name },
		{ title: `${currency} PER HOUR`, value: ({ hour }) => hour.toFixed(4), align: "right" },
	]);
	const rates = formatTable(Object.entries(engines), [
		{ title: "ENGINE", value: ([engine]) => engine },
		{ title: "NODE FACTOR", value: ([, each]) => String(each.nodePriceFactor), align: "right" },
		{ title: "PER GB-HOUR", value: ([, each]) => String(each.perGbHour), align: "right" },
		{ title: "MINIMUM GB", value: ([, each]) => String(each.minimumGb), align: "right" },
		{
			title: "PER MILLION ECPUS",
			value: ([, each]) => String(each.perMillionEcpus),
			align: "right",
		},
	]);
	return `${nodes}\n\nOther node types: ${perGibHour} ${currency} per GiB and hour.\n\n${rates}`;
}
