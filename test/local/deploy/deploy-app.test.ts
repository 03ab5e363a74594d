import * as app from '../../../bin/app-settings';
import { environmentName } from '../../../local/deploy/deploy-app';

test.each(app.settingNames())('the environment has the same name for %s as in the app', (setting) => {
  expect(environmentName(setting)).toBe(app.environmentName(setting));
});
