/** What a new host needs from the control plane that it will join. */
export interface JoinTarget {
	/** As the caller reached it. */
	url: string;
	token: string;
	version: string;
	source: {
		/** Where the control plane's own code is. */
		directory: string;
		/** What it was cloned from; null if that isn't known, or can't be reached from another machine. */
		repository: string | null;
	};
}

export interface JoinStep {
	text: string;
	/** A shell command for the new host; null if no command fits every system. */
	command: string | null;
}

/** Everything that turns a fresh machine into a host. */
export function joinSteps({ url, token, version, source }: JoinTarget): JoinStep[] {
	const { directory, repository } = source;
	const machine = reachesOnlyItself(url) ? "<control plane>" : new URL(url).hostname;
	const copy = `rsync -a --exclude node_modules --exclude .larder --exclude .next --exclude dist ${machine}:${directory}/ larder/`;
	return [
		{
			text: "Install Node.js 20.19 or newer with npm, and git or rsync. Debian and Ubuntu need nothing else; on other systems, also install valkey, memcached and haproxy.",
			command: null,
		},
		{
			text: `Get the code of Larder ${version}, the version of this control plane.`,
			command: `${repository === null ? copy : `git clone ${repository} larder`} && cd larder`,
		},
		{
			text: "Build it, once.",
			command: "npm ci && npm run build client engine-store programs",
		},
		{
			text: "Start the agent. Give it the zone and the address of this host.",
			command: joinCommand(url, token),
		},
	];
}

/** The token is in the environment, because every user of a machine can read arguments. */
export function joinCommand(url: string, token: string): string {
	return `LARDER_JOIN_TOKEN=${token} npx larder agent --join ${url} --zone <zone> --address <this host's address>`;
}

/**
 * What is wrong with the control plane's address for another machine, and what to do; null if nothing is known to be
 * wrong.
 */
export function reachWarning(url: string): string | null {
	if (!reachesOnlyItself(url)) return null;
	const { hostname, port } = new URL(url);
	return `${hostname} reaches only this machine, so an agent on another machine wouldn't find the control plane there. Start the control plane with LARDER_BIND=0.0.0.0 on a network that you trust, or behind a TLS proxy. Then replace ${hostname}${port === "" ? "" : `:${port}`} in the command with an address that the new host can reach.`;
}

function reachesOnlyItself(url: string): boolean {
	const name = new URL(url).hostname.replace(/^\[|\]$/g, "");
	return /^127(\.\d{1,3}){3}$/.test(name) || name === "::1" || /^(.+\.)?localhost$/i.test(name);
}
