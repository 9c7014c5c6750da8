import { Command } from "commander";
import { cacheSchema } from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { collectPair, collectText } from "../../option-values.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface ModifyOptions extends ApiOptions, WaitOptions {
	description?: string;
	tag?: Record<string, string>;
	untag?: string[];
	deletionProtection?: boolean;
	parameterGroup?: string;
}

export function modifyCommand(): Command {
	const command = new Command("modify")
		.summary("change a cache")
		.description("Change a cache. What you leave out stays as it is.")
		.argument("<name>")
		.option("--description <text>", "what it is for")
		.option("--tag <key=value>", "sets a tag; may be given several times", collectPair)
		.option("--untag <key>", "removes a tag; may be given several times", collectText)
		.option("--deletion-protection", "refuse to delete it until this is turned off")
		.option("--no-deletion-protection", "let it be deleted")
		.option("--parameter-group <name>", "of the same family and cluster mode")
		.addHelpText(
			"after",
			`
Examples:
  larder caches modify orders --tag team=web --untag temporary
  larder caches modify orders --no-deletion-protection
  larder caches modify orders --parameter-group mine --wait

Parameters that need it are taken at a reboot: larder caches reboot orders`,
		);
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(name: string, options: ModifyOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}`;
	const body = {
		description: options.description,
		tags: await changedTags(api, path, options),
		deletionProtection: options.deletionProtection,
		parameterGroup: options.parameterGroup,
	};
	const accepted = await api.call({ method: "PATCH", path, body });
	const answer = options.wait
		? await waitUntilAvailable(api, name, options, startedAt, (cache) => {
				return cache.parameterGroup.status !== "applying";
			})
		: accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(`${name} is modified.`);
}

/** The API replaces all tags, so those that stay are sent along. */
async function changedTags(
	api: ApiClient,
	path: string,
	{ tag, untag }: ModifyOptions,
): Promise<Record<string, string> | undefined> {
	if (tag === undefined && untag === undefined) return undefined;
	const { tags } = cacheSchema.parse(await api.call({ method: "GET", path }));
	const kept = Object.entries(tags).filter(([key]) => !untag?.includes(key));
	return { ...Object.fromEntries(kept), ...tag };
}
