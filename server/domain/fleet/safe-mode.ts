/** A host that carries nodes, as safe mode looks at it. */
export interface HostSilence {
	/** When it was last heard of; null while it reports. */
	silentSince: Date | null;
}

/** Hosts that fall silent within such a span count as having gone at once. */
const AT_ONCE_MS = 30_000;

/**
 * Whether so many hosts fell silent at once that the observer is more likely to be cut off than the hosts to be gone.
 * Then nothing is replaced until hosts return, or a person says which of them won't.
 *
 * The rule: two hosts or more, and at least half of those that carry nodes, were last heard of within 30 s of each other
 * and are silent still. So
 *   - of 2 or 3 hosts, two that go together; of 4 or 5, two and three; of 100, fifty;
 *   - not a single host, however few there are, and not hosts that go one after another: each of those is replaced;
 *   - not a zone of three or more: a third of the hosts is a loss to mend. With two zones nobody can tell the loss of one
 *     from a cut between them, so that is safe mode.
 * `hosts` are those that carry nodes, without those of which a person said that they won't come back.
 */
export function isSafeMode(hosts: readonly HostSilence[]): boolean {
	const times = hosts
		.flatMap(({ silentSince }) => silentSince?.getTime() ?? [])
		.sort((a, b) => a - b);
	const needed = Math.max(2, hosts.length / 2);
	return times.some((first, index) => {
		const together = times.slice(index).filter((time) => time - first <= AT_ONCE_MS);
		return together.length >= needed;
	});
}
