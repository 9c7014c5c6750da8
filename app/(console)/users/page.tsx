import type { Metadata } from "next";
import { type PageAddress, pageInput, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { UserList } from "./user-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/users"].title };

export default async function UsersPage(address: PageAddress) {
	const params = await paramsOf(address);
	return (
		<WithData load={({ trpc, load }) => load(trpc.users.list.queryOptions(pageInput(params)))}>
			<UserList />
		</WithData>
	);
}
