import type { Metadata } from "next";
import { type PageAddress, pageInput, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { auditFilters } from "./audit-input.ts";
import { AuditList } from "./audit-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/audit"].title };

export default async function AuditPage(address: PageAddress) {
	const params = await paramsOf(address);
	return (
		<WithData
			load={({ trpc, load }) =>
				load(
					trpc.audit.list.queryOptions({
						...pageInput(params),
						...auditFilters(params, Date.now()),
					}),
				)
			}
		>
			<AuditList />
		</WithData>
	);
}
