import { Command } from "commander";
import { cacheInterfaceSchema, credentialsSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";

export function connectCommand(): Command {
	const command = new Command("connect")
		.summary("print what an application needs to connect, as environment variables")
		.description(
			'Print CACHE_HOST, CACHE_PORT, CACHE_USERNAME and CACHE_PASSWORD (for Memcached also CACHE_NODES) for a shell: eval "$(larder caches connect orders)". The audit log records each use, because the password is revealed.',
		)
		.argument("<name>");
	return withApiOptions(command).action(run);
}

async function run(name: string, options: ApiOptions): Promise<void> {
	const api = await connect(options);
	const path = `/caches/${encodeURIComponent(name)}`;
	const { engine, kind, endpoints } = cacheInterfaceSchema.parse(
		await api.call({ method: "GET", path }),
	);
	const endpoint = endpoints.configuration ?? endpoints.primary;
	if (endpoint === null) {
		throw new CliError(
			`${name} has no endpoint yet. Wait until it is available: larder caches show ${name}`,
			EXIT.conflict,
		);
	}
	const credentials = credentialsSchema.parse(
		await api.call({ method: "GET", path: `${path}/credentials` }),
	);
	const { names } = endpoints;
	const variables = {
		CACHE_HOST: (endpoints.configuration ? names?.configuration : names?.primary) ?? endpoint.host,
		CACHE_PORT: String(endpoint.port),
		CACHE_USERNAME: credentials.username ?? "",
		CACHE_PASSWORD: credentials.password ?? "",
		// Its clients spread keys over the nodes by themselves.
		...(engine === "memcached" && {
			CACHE_NODES: (kind === "serverless" ? [endpoint] : endpoints.nodes)
				.map(({ host, port }) => `${host}:${port}`)
				.join(","),
		}),
	};
	if (options.json) return printJson(variables);
	for (const [variable, value] of Object.entries(variables)) {
		print(`export ${variable}='${value.replaceAll("'", String.raw`'\''`)}'`);
	}
}
