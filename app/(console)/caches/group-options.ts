import type { ClusterMode } from "../../../server/contract/enums.ts";
import type { ParameterGroupSummary } from "../../../server/contract/parameter-group.ts";

/**
 * Parameter groups to choose from. Groups for the other cluster mode are shown with the reason why they can't be
 * chosen.
 */
export function groupOptions(
	groups: readonly ParameterGroupSummary[],
	clusterMode: ClusterMode,
): { value: string; label: string; isDisabled: boolean; detail: string }[] {
	return groups.map(({ name, description, clusterMode: needed }) => {
		const fits = needed === null || needed === clusterMode;
		const other = `For caches with cluster mode ${needed === "enabled" ? "on" : "off"}.`;
		return {
			value: name,
			label: name,
			isDisabled: !fits,
			detail: fits ? description : other,
		};
	});
}
