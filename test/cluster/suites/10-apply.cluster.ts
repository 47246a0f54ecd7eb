import { cleanPicture, takePicture } from './failure/picture';
import { installs } from './support/installation';
import { LivePlatform, manifests } from './support/platform';
import { SYSTEMS } from './support/proves';

const { cluster } = new LivePlatform();

installs(SYSTEMS);

it('is pictured, for others to be compared with', async () => {
  const picture = await takePicture(cluster);
  cleanPicture.keep(picture);
  expect(Object.keys(picture).length).toBeGreaterThan(manifests().length / 2);
});
