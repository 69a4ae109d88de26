// A slide's stored levels as OpenSeadragon reads them: each tile is one frame of a DICOM instance.
/* global OpenSeadragon */

/**
 * @param {{width: number, height: number, levels: {tiles: string, width: number, height: number, tileWidth: number, tileHeight: number}[]}} slide
 *   in pixels, finest level first
 * @param {boolean} managed whether colours are shown by the scanner's profile
 */
export function tileSource(slide, managed) {
  const levels = slide.levels.toReversed();
  const source = new OpenSeadragon.TileSource({
    width: slide.width,
    height: slide.height,
    tileSize: levels[0].tileWidth,
    minLevel: 0,
    maxLevel: levels.length - 1,
  });
  const across = (level) => Math.ceil(levels[level].width / levels[level].tileWidth);
  const down = (level) => Math.ceil(levels[level].height / levels[level].tileHeight);
  const query = managed ? "" : "?colour=raw";
  source.getLevelScale = (level) => levels[level].width / slide.width;
  source.getTileWidth = (level) => levels[level].tileWidth;
  source.getTileHeight = (level) => levels[level].tileHeight;
  source.getNumTiles = (level) => new OpenSeadragon.Point(across(level), down(level));
  source.getTileUrl = (level, x, y) => `${levels[level].tiles}/${y * across(level) + x + 1}${query}`;
  source.getClosestLevel = () => 0;
  return source;
}
