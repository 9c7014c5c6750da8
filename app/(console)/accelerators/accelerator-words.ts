import type { AcceleratorView } from "../../../server/contract/accelerator.ts";

export function acceleratorPath(name: string): string {
	return `/accelerators/${encodeURIComponent(name)}`;
}

/** What clients are given; null until the accelerator has a port. */
export function endpointText({ endpoint }: Pick<AcceleratorView, "endpoint">): string | null {
	return endpoint && `http://${endpoint.host}:${endpoint.port}`;
}
