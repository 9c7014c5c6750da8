import { resolve } from "node:path";
import { Command } from "commander";
import {
	createdStoreSchema,
	type Store,
	storeListSchema,
	storeObjectsSchema,
	storeSchema,
	storeTestSchema,
} from "../../server/contract/store.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { formatBytes } from "../terminal/format.ts";
import { readSecretAccessKey } from "../terminal/secret-access-key.ts";
import { formatFields, formatTable } from "../terminal/table.ts";

const SECRET_VARIABLE = "LARDER_S3_SECRET_ACCESS_KEY";
const IDENTITY_VARIABLE = "LARDER_AGE_IDENTITY";

export function storesCommand(): Command {
	const stores = new Command("stores").description("Stores: where snapshots and backups are kept");
	for (const make of [
		listCommand,
		showCommand,
		createCommand,
		modifyCommand,
		testCommand,
		filesCommand,
		deleteCommand,
	]) {
		stores.addCommand(make());
	}
	return stores;
}

const pathOf = (name: string) => `/stores/${encodeURIComponent(name)}`;

function listCommand(): Command {
	const command = new Command("list").description("List stores, the default one first");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: "/stores" });
		if (options.json) return printJson(answer);
		print(
			formatTable(storeListSchema.parse(answer).items, [
				{ title: "NAME", value: ({ name }) => name },
				{ title: "KIND", value: ({ kind }) => kind },
				{ title: "PLACE", value: placeOf },
				{ title: "ENCRYPTION", value: ({ encryption }) => encryption },
				{ title: "SNAPSHOTS", value: ({ snapshots }) => String(snapshots) },
				{ title: "SIZE", value: ({ bytes }) => formatBytes(bytes) },
				{ title: "STATE", value: stateOf },
			]),
		);
	});
}

function stateOf({ lastCheck }: Store): string {
	if (lastCheck === null) return "not tried yet";
	return lastCheck.ok ? "works" : "doesn't work";
}

function placeOf({ path, s3 }: Store): string {
	return s3 === null ? (path ?? "-") : `s3://${s3.bucket}/${s3.prefix}`;
}

function showCommand(): Command {
	const command = new Command("show").description("Show a store").argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(describeStore(storeSchema.parse(answer)));
	});
}

function describeStore(store: Store): string {
	const { s3 } = store;
	const place: [string, string][] =
		s3 === null
			? [["Path", store.path ?? "-"]]
			: [
					["Bucket", s3.bucket],
					["Prefix", s3.prefix || "-"],
					["Region", s3.region],
					["Endpoint", s3.endpoint ?? "AWS"],
					["Path style", s3.pathStyle ? "yes" : "no"],
					["Access key id", s3.accessKeyId ?? "of the control plane's machine"],
				];
	return formatFields([
		["Name", store.name],
		["Kind", store.kind],
		...place,
		["Encryption", store.encryption],
		...(store.recipient === null
			? []
			: [["Recipient", store.recipient] satisfies [string, string]]),
		["Snapshots", `${store.snapshots}, ${formatBytes(store.bytes)}`],
		["Backups", store.holdsBackups ? "the control plane's go into it" : "-"],
		["State", describeCheck(store)],
	]);
}

function describeCheck(store: Store): string {
	const { lastCheck } = store;
	if (lastCheck === null) return stateOf(store);
	const cause = lastCheck.message === null ? "" : `: ${lastCheck.message}`;
	return `${stateOf(store)}, tried ${lastCheck.at}${cause}`;
}

function filesCommand(): Command {
	const command = new Command("files")
		.description("List what is in a store, such as RDB files to import")
		.argument("<name>")
		.option("--below <prefix>", "only what is below it, such as imports/")
		.option("--limit <count>", "1 to 1000 (default: 200)");
	return withApiOptions(command).action(
		async (name: string, options: ApiOptions & { below?: string; limit?: string }) => {
			const query = { prefix: options.below, limit: options.limit };
			const api = await connect(options);
			const answer = await api.call({ method: "GET", path: `${pathOf(name)}/objects`, query });
			if (options.json) return printJson(answer);
			const { items, isWhole } = storeObjectsSchema.parse(answer);
			if (items.length === 0) return print("No files.");
			print(
				formatTable(items, [
					{ title: "KEY", value: ({ key }) => key },
					{ title: "SIZE", value: ({ bytes }) => formatBytes(bytes) },
					{ title: "MODIFIED", value: ({ modifiedAt }) => modifiedAt },
				]),
			);
			if (!isWhole)
				process.stderr.write("There are more: raise --limit, or narrow with --below.\n");
		},
	);
}

interface PlaceOptions extends ApiOptions {
	path?: string;
	region?: string;
	endpoint?: string;
	pathStyle?: boolean;
	accessKeyId?: string;
}

interface CreateOptions extends PlaceOptions {
	bucket?: string;
	prefix?: string;
	encrypt?: boolean;
}

function placeOptions(command: Command): Command {
	return command
		.option("--path <directory>", "directory on the control plane's machine")
		.option("--region <region>", "region of the bucket")
		.option("--endpoint <address>", "address of a service other than AWS's")
		.option("--path-style", "put the bucket in the path (default with --endpoint)")
		.option("--access-key-id <id>", `its secret is read from ${SECRET_VARIABLE}, or a prompt`);
}

function createCommand(): Command {
	const command = placeOptions(
		new Command("create")
			.description("Create a store, after Larder has tried it")
			.argument("<name>")
			.option("--bucket <bucket>", "name of an S3-compatible bucket"),
	)
		.option("--prefix <prefix>", "before the names of all objects, such as larder/")
		.option(
			"--encrypt",
			`encrypt all files with age, with the secret key in ${IDENTITY_VARIABLE}, or a new one, which is printed once`,
		)
		.addHelpText(
			"after",
			`
Examples:
  larder stores create nas --path /mnt/nas/larder
  larder stores create offsite --bucket acme-larder --region eu-central-1 --access-key-id AKIA… --encrypt
  larder stores create minio --bucket larder --endpoint http://10.0.0.9:9000 --access-key-id larder`,
		);
	return withApiOptions(command).action(async (name: string, options: CreateOptions) => {
		const { path, bucket, prefix, region, endpoint, pathStyle, accessKeyId, encrypt } = options;
		if ((path === undefined) === (bucket === undefined)) {
			throw new CliError(
				"Give --path for a directory, or --bucket for a bucket, and not both.",
				EXIT.invalidInput,
			);
		}
		const identity = process.env[IDENTITY_VARIABLE] || undefined;
		const body = {
			name,
			...(path !== undefined && { path: resolve(path) }),
			...(bucket !== undefined && {
				s3: {
					...{ bucket, prefix, region, endpoint, pathStyle, accessKeyId },
					...(accessKeyId !== undefined && {
						secretAccessKey: await readSecretAccessKey(SECRET_VARIABLE),
					}),
				},
			}),
			...(encrypt === true && { encryption: "age", identity }),
		};
		const answer = await (await connect(options)).call({ method: "POST", path: "/stores", body });
		if (options.json) return printJson(answer);
		const { identity: made, ...store } = createdStoreSchema.parse(answer);
		print(describeStore(store));
		if (made === null) return;
		process.stderr.write(
			"\nKeep this secret key in a safe place. It opens the store's files without Larder, and isn't shown again:\n",
		);
		print(made);
	});
}

function modifyCommand(): Command {
	const command = placeOptions(
		new Command("modify")
			.description("Change how a store is reached, after Larder has tried it")
			.argument("<name>"),
	).option("--new-secret", `replace the secret access key, from ${SECRET_VARIABLE} or a prompt`);
	return withApiOptions(command).action(
		async (name: string, options: PlaceOptions & { newSecret?: boolean }) => {
			const { path, region, endpoint, pathStyle, accessKeyId, newSecret } = options;
			const asksSecret = newSecret === true || accessKeyId !== undefined;
			const body = {
				...{ region, endpoint, pathStyle, accessKeyId },
				...(path !== undefined && { path: resolve(path) }),
				...(asksSecret && { secretAccessKey: await readSecretAccessKey(SECRET_VARIABLE) }),
			};
			const api = await connect(options);
			const answer = await api.call({ method: "PATCH", path: pathOf(name), body });
			if (options.json) printJson(answer);
			else print(describeStore(storeSchema.parse(answer)));
		},
	);
}

function testCommand(): Command {
	const command = new Command("test")
		.description("Write, read, compare and delete a small object in a store")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "POST", path: `${pathOf(name)}/test`, body: {} });
		const { ok, message, milliseconds } = storeTestSchema.parse(answer);
		if (options.json) printJson(answer);
		else if (ok) print(`Store ${name} works: ${message} (${milliseconds} ms)`);
		if (!ok) throw new CliError(message, EXIT.failure);
	});
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete a store that nothing is kept in; its files stay")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "DELETE", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(`Deleted store ${name}. Its directory or bucket is unchanged.`);
	});
}
