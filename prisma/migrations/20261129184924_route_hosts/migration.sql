-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "sentinelHostIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "servedByHostIds" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateIndex
CREATE INDEX "Node_cacheId_idx" ON "Node"("cacheId");

-- CreateIndex
CREATE INDEX "Node_shardId_idx" ON "Node"("shardId");
