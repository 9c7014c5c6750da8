import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TokenList } from "./token-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/tokens"].title };

export default function TokensPage() {
	return <TokenList />;
}
