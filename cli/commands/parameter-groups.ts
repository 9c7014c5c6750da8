import { Argument, Command, Option } from "commander";
import {
	type ParameterGroup,
	parameterFamilySchema,
	parameterGroupSchema,
	parameterGroupSummarySchema,
} from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { collectPair } from "../option-values.ts";
import { printPage, wholeListOf } from "../print-page.ts";
import { printable } from "../terminal/format.ts";
import { formatFields, formatTable } from "../terminal/table.ts";

export function parameterGroupsCommand(): Command {
	const groups = new Command("parameter-groups").description(
		"Parameter groups: engine settings that caches share",
	);
	for (const make of [
		listCommand,
		showCommand,
		createCommand,
		setCommand,
		resetCommand,
		deleteCommand,
	]) {
		groups.addCommand(make());
	}
	return groups;
}

const pathOf = (name: string) => `/parameter-groups/${encodeURIComponent(name)}`;

const familyOption = (text: string) =>
	new Option("--family <family>", text).choices(parameterFamilySchema.options);

function listCommand(): Command {
	const command = new Command("list")
		.description("List parameter groups, default ones first")
		.addOption(familyOption("only groups of this family"));
	return withApiOptions(command).action(async (options: ApiOptions & { family?: string }) => {
		await printPage(await connect(options), options, {
			path: "/parameter-groups",
			query: { family: options.family },
			schema: wholeListOf(parameterGroupSummarySchema),
			unpaged: true,
			empty: "No parameter groups.",
			columns: [
				{ title: "NAME", value: (group) => group.name },
				{ title: "FAMILY", value: (group) => group.family },
				{ title: "CLUSTER MODE", value: (group) => group.clusterMode ?? "-" },
				{ title: "CACHES", value: (group) => group.caches.join(", ") || "-" },
				{ title: "DESCRIPTION", value: (group) => group.description },
			],
		});
	});
}

function showCommand(): Command {
	const command = new Command("show")
		.description("Show a parameter group and its parameters")
		.argument("<name>")
		.option("--changed", "only parameters that differ from the family's defaults");
	return withApiOptions(command).action(
		async (name: string, options: ApiOptions & { changed?: boolean }) => {
			const api = await connect(options);
			const answer = await api.call({ method: "GET", path: pathOf(name) });
			if (options.json) printJson(answer);
			else print(describeGroup(parameterGroupSchema.parse(answer), options.changed === true));
		},
	);
}

/** A group in readable form. */
export function describeGroup(group: ParameterGroup, changedOnly: boolean): string {
	const fields: [string, string][] = [
		["Name", group.name],
		["Family", group.family],
		["Cluster mode", group.clusterMode ?? "-"],
		["Caches", group.caches.join(", ") || "-"],
		...(group.description === ""
			? []
			: [["Description", printable(group.description)] satisfies [string, string]]),
	];
	const parameters = group.parameters.filter(
		(parameter) => !changedOnly || parameter.value !== parameter.defaultValue,
	);
	if (parameters.length === 0)
		return `${formatFields(fields)}\n\nAll parameters have their defaults.`;
	const table = formatTable(parameters, [
		{ title: "PARAMETER", value: ({ name }) => name },
		{ title: "VALUE", value: ({ value }) => printable(value) || '""' },
		{ title: "DEFAULT", value: ({ defaultValue }) => defaultValue || '""' },
		{ title: "ALLOWED", value: ({ allowedValues }) => allowedValues ?? "any text" },
		{
			title: "APPLIED",
			value: ({ apply, modifiable }) => (modifiable ? WHEN_APPLIED[apply] : "fixed"),
		},
	]);
	return `${formatFields(fields)}\n\n${table}`;
}

const WHEN_APPLIED = { immediate: "at once", "requires-reboot": "at a reboot" } as const;

function createCommand(): Command {
	const command = new Command("create")
		.description("Create a parameter group")
		.argument("<name>")
		.addOption(familyOption("family of the engines that it is for").makeOptionMandatory())
		.option("--set <parameter=value>", "may be given several times", collectPair)
		.option("--description <text>", "what it is for")
		.addHelpText(
			"after",
			`
Examples:
  larder parameter-groups create lru --family valkey9 --set maxmemory-policy=allkeys-lru
  larder parameter-groups create sharded --family valkey9 --set cluster-enabled=yes`,
		);
	return withApiOptions(command).action(
		async (
			name: string,
			options: ApiOptions & {
				family: string;
				set?: Record<string, string>;
				description?: string;
			},
		) => {
			const api = await connect(options);
			const { family, set, description } = options;
			const body = { name, family, parameters: set, description };
			const answer = await api.call({ method: "POST", path: "/parameter-groups", body });
			if (options.json) printJson(answer);
			else print(`Created parameter group ${name}. Use it with --parameter-group ${name}`);
		},
	);
}

function setCommand(): Command {
	const command = new Command("set")
		.summary("set parameters of a group")
		.description(
			"Set parameters of a group. Caches that use it apply them at once, or at the next reboot if a parameter needs one.",
		)
		.argument("<name>")
		.addArgument(
			new Argument("<parameter=value...>").argParser<Record<string, string>>(collectPair),
		)
		.option("--description <text>", "what it is for")
		.addHelpText(
			"after",
			`
Example:
  larder parameter-groups set lru maxmemory-samples=10 timeout=300`,
		);
	return withApiOptions(command).action(
		async (
			name: string,
			parameters: Record<string, string>,
			options: ApiOptions & { description?: string },
		) => {
			const api = await connect(options);
			const body = { parameters, description: options.description };
			const answer = await api.call({ method: "PATCH", path: pathOf(name), body });
			if (options.json) printJson(answer);
			else print(whatFollows(name, parameterGroupSchema.parse(answer), Object.keys(parameters)));
		},
	);
}

/** Which of the changed parameters reach running caches by themselves, and which don't. */
export function whatFollows(
	name: string,
	group: ParameterGroup,
	changed: readonly string[],
): string {
	const done = `Changed parameter group ${name}.`;
	if (group.caches.length === 0) return done;
	const waiting = group.parameters.filter(
		(parameter) => changed.includes(parameter.name) && parameter.apply === "requires-reboot",
	);
	if (waiting.length === 0) return `${done} Applied to: ${group.caches.join(", ")}`;
	const names = waiting.map((parameter) => parameter.name).join(", ");
	const reboots = group.caches.map((cache) => `  larder caches reboot ${cache}`).join("\n");
	return `${done} ${names} ${waiting.length === 1 ? "waits" : "wait"} for a reboot:\n${reboots}`;
}

function resetCommand(): Command {
	const command = new Command("reset")
		.description("Reset parameters of a group to their defaults")
		.argument("<name>")
		.argument("[parameters...]", "names")
		.option("--all", "all of them");
	return withApiOptions(command).action(
		async (name: string, parameters: string[], options: ApiOptions & { all?: boolean }) => {
			if ((options.all === true) === parameters.length > 0) {
				throw new CliError("Name the parameters to reset, or give --all.", EXIT.invalidInput);
			}
			const api = await connect(options);
			const before = parameterGroupSchema.parse(
				await api.call({ method: "GET", path: pathOf(name) }),
			);
			const changed = before.parameters.filter(
				(each) => each.source === "user" && (options.all || parameters.includes(each.name)),
			);
			const answer = await api.call({
				method: "POST",
				path: `${pathOf(name)}/reset`,
				body: options.all ? {} : { parameters },
			});
			const group = parameterGroupSchema.parse(answer);
			const names = changed.map((each) => each.name);
			if (options.json) printJson(answer);
			else print(whatResetDid(name, group, names));
		},
	);
}

/** The same after a reset, which skips what can't change while caches use the group. */
export function whatResetDid(
	name: string,
	group: ParameterGroup,
	asked: readonly string[],
): string {
	const isKept = (each: string) =>
		group.parameters.some((parameter) => parameter.name === each && parameter.source === "user");
	const kept = asked.filter(isKept);
	const done = whatFollows(
		name,
		group,
		asked.filter((each) => !isKept(each)),
	);
	if (kept.length === 0) return done;
	const them = kept.length === 1 ? "it" : "them";
	return `${done}\n${kept.join(", ")} can't change while caches use the group, so Larder kept ${them}.`;
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete a parameter group that no cache uses")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "DELETE", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(`Deleted parameter group ${name}.`);
	});
}
